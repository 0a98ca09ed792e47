import * as sl from "sluice";
import { describe, expect, test } from "vitest";
import { testDevice } from "../../helpers/adapter.ts";
import { all, make, models } from "./token-models.ts";

const hasHalf = (await testDevice()).features.has("shader-f16");

describe.each(Object.keys(models))("%s of halves", (name) => {
  function mixed(): sl.Model {
    sl.setDTypePolicy("mixed_float16");
    try {
      return make(name);
    } finally {
      sl.setDTypePolicy("float32");
    }
  }

  if (!hasHalf) {
    test("is refused by a device that has none", async () => {
      await expect(all(sl.generate(mixed(), [3, 1, 4], { maxTokens: 2 }))).rejects.toThrow(
        sl.UnsupportedError,
      );
    });
    return;
  }

  // The weights set logits far enough apart for the rounding of halves not to change their order here.
  test("generates what it generates in float32", async () => {
    const options = { maxTokens: 6, temperature: 0 };
    const [wide, half] = [make(name), mixed()];
    const expected = await all(sl.generate(wide, [3, 1, 4], options));
    expect(await all(sl.generate(half, [3, 1, 4], options))).toEqual(expected);
  });

  test("finds the sequence that it finds in float32", async () => {
    const options = { maxTokens: 4, beams: 2 };
    const [wide] = await sl.beamSearch(make(name), [3, 1, 4], options);
    const [half] = await sl.beamSearch(mixed(), [3, 1, 4], options);
    expect(half?.ids).toEqual(wide?.ids);
    expect(half?.logProbability).toBeCloseTo(wide?.logProbability ?? Number.NaN, 1);
  });
});
