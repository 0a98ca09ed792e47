import { describe, expect, test } from "vitest";
import {
  expectGoldenAttention,
  isSpread,
  loadAttentionGoldens,
  SPREAD,
} from "./attention-golden.ts";

const all = loadAttentionGoldens();
const goldens = all.filter((golden) => !isSpread(golden));

// Expected values: as in attention-layers.test.ts.
describe("attention layers and transformer blocks, the other cases", () => {
  test.each(goldens)("$name ($source)", expectGoldenAttention);

  test("are all there", () => {
    expect(goldens.length + SPREAD.length).toBe(all.length);
    expect(all.filter(({ source }) => source === "PyTorch").length).toBeGreaterThan(30);
  });
});
