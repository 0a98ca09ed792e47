import { describe, expect, test } from "vitest";
import { ArgumentError } from "../../src/errors.ts";
import { editDistance, nearestName, resolveName } from "../../src/names/resolve.ts";

const names = ["meanSquaredError", "meanAbsoluteError", "huber"] as const;
const options = { what: "loss", aliases: { mse: "meanSquaredError" } } as const;

describe("resolveName", () => {
  test.each(["meanSquaredError", "mean_squared_error", "MeanSquaredError", "mse", "MSE"])(
    "takes the spelling %s",
    (spelling) => {
      expect(resolveName(spelling, names, options)).toBe("meanSquaredError");
    },
  );

  test("names the nearest and the list when nothing fits", () => {
    expect(() => resolveName("meanSqaredError", names, options)).toThrow(ArgumentError);
    expect(() => resolveName("meanSqaredError", names, options)).toThrow(
      'loss: there is no "meanSqaredError". Did you mean "meanSquaredError"? ' +
        "Expected one of meanSquaredError, meanAbsoluteError, huber.",
    );
  });

  test("gives no hint for a name that has nothing in common", () => {
    expect(() => resolveName("xyz", names, options)).toThrow(/no "xyz"\. Expected/);
  });

  test("says the type of what is no string", () => {
    expect(() => resolveName(7 as unknown as string, names, options)).toThrow(/type number \(7\)/);
  });
});

describe("nearestName", () => {
  test("compares without case and separators", () => {
    expect(nearestName("HUB_ER", names)).toBe("huber");
  });
});

describe("editDistance", () => {
  // The textbook example: kitten → sitten → sittin → sitting.
  test("of kitten and sitting is 3", () => {
    expect(editDistance("kitten", "sitting")).toBe(3);
    expect(editDistance("", "abc")).toBe(3);
    expect(editDistance("abc", "abc")).toBe(0);
  });
});
