import { describe, expect, test } from "vitest";
import {
  expectGoldenAttention,
  isSpread,
  loadAttentionGoldens,
  SPREAD,
} from "./attention-golden.ts";

const goldens = loadAttentionGoldens().filter(isSpread);

// Expected values: nn.MultiheadAttention, nn.TransformerEncoderLayer and nn.TransformerDecoderLayer in float64 where
// they can express the case, else the equations that agree with them there (test/golden/attention.py).
describe("attention layers and transformer blocks", () => {
  test.each(goldens)("$name ($source)", expectGoldenAttention);

  test("are all there; the others run in test:full", () => {
    expect(goldens).toHaveLength(SPREAD.length);
  });
});
