import { describe, expect, test } from "vitest";
import { LimitError } from "../../src/errors.ts";
import { DEFAULT_LIMITS } from "../../src/gpu/limits.ts";
import { linearGroups } from "../../src/kernels/grid.ts";
import { specialize } from "../../src/kernels/specialize.ts";

describe("linearGroups", () => {
  test("keeps to one dimension while it can", () => {
    for (const count of [0, 1, 65_535]) {
      expect(linearGroups(count, DEFAULT_LIMITS)).toEqual([count, 1, 1]);
    }
  });

  test("holds every count within the limit, with few workgroups too many", () => {
    for (const count of [65_536, 65_537, 131_071, 1_000_003, 2 ** 31, 65_535 ** 2]) {
      const [x, y] = linearGroups(count, DEFAULT_LIMITS);
      expect(Math.max(x, y)).toBeLessThanOrEqual(65_535);
      expect(x * y).toBeGreaterThanOrEqual(count);
      expect(x * y - count).toBeLessThan(y);
    }
  });

  test("says what does not fit", () => {
    expect(() => linearGroups(65_535 ** 2 + 1, DEFAULT_LIMITS)).toThrow(LimitError);
    const tiny = { ...DEFAULT_LIMITS, maxComputeWorkgroupsPerDimension: 2 };
    expect(() => linearGroups(5, tiny)).toThrow("5 workgroups");
  });
});

describe("specialize", () => {
  test("puts constants, then aliases, in front", () => {
    const text = specialize("fn main() {}", { H: "128u", LOG: "true" }, { Element: "i32" });
    expect(text).toBe("const H = 128u;\nconst LOG = true;\nalias Element = i32;\nfn main() {}");
  });

  test("leaves a shader without either as it is", () => {
    expect(specialize("fn main() {}", {})).toBe("fn main() {}");
  });
});
