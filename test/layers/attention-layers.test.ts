import { describe, test } from "vitest";
import { loadAttentionGoldens } from "../helpers/golden.ts";
import { expectGoldenAttention } from "./attention-golden.ts";

const all = loadAttentionGoldens();
const blocks = all.filter(({ layer }) => layer.startsWith("transformer"));
const goldens = all.filter((golden) => !blocks.includes(golden));

// Expected values: nn.MultiheadAttention in float64 where it can express the case, else the equations that agree with it
// there (test/golden/attention.py).
describe("attention layers", () => {
  test.each(goldens)("$name ($source)", expectGoldenAttention);
});

// Expected values: nn.TransformerEncoderLayer and nn.TransformerDecoderLayer, likewise.
describe("transformer blocks", () => {
  test.each(blocks)("$name ($source)", expectGoldenAttention);
});
