import { describe, expect, test } from "vitest";
import { ShapeError } from "../../src/errors.ts";
import { layers } from "../../src/layers/index.ts";
import type { SymbolicTensor } from "../../src/layers/symbolic.ts";
import { adam } from "../../src/optimizers/index.ts";
import { ones, type Tensor, tensor } from "../../src/tensor/index.ts";
import { input, type Model, model, modelFromJSON } from "../../src/train/index.ts";
import { kept } from "./support.ts";

const [V, D] = [7, 8];
const rows = [
  [1, 2, 3, 4],
  [2, 3, 4, 5],
  [3, 4, 5, 6],
  [4, 5, 6, 1],
];
const ids = (): Tensor => tensor(rows, [4, 4], "int32");
/** The next id: 6 is followed by 1. */
const next = (): Tensor =>
  tensor(
    rows.map((row) => row.map((id) => (id % 6) + 1)),
    [4, 4],
    "int32",
  );

/** A language model whose logits come from its own embedding. */
function tied(tieWeights = true): Model {
  const embedding = layers.tokenAndPositionEmbedding({
    vocabularySize: V,
    sequenceLength: 5,
    embeddingDim: D,
    tieWeights,
  });
  const x = input({ shape: [null], dtype: "int32" });
  const vectors = embedding.apply(x);
  const hidden = layers.dense({ units: D, activation: "tanh" }).apply(vectors) as SymbolicTensor;
  const logits = embedding.apply(layers.rmsNormalization().apply(hidden), { reverse: true });
  expect(logits.shape).toEqual([null, null, V]);
  return kept(model({ inputs: x, outputs: logits }));
}

describe("an output that is tied to the embedding", () => {
  test("has one weight for both, which training moves from both sides", async () => {
    const net = tied();
    // Tokens, positions; kernel, bias; scale.
    expect(net.weights.map(({ shape }) => shape)).toEqual([[V, D], [5, D], [D, D], [D], [D]]);
    expect(tied(false).weights.map(({ shape }) => shape)[1]).toEqual([D, V]);
    net.compile({
      optimizer: adam(0.03),
      loss: { kind: "sparseCategoricalCrossentropy", fromLogits: true },
    });
    const before = Array.from(await (net.weights[0] as (typeof net.weights)[number]).data());
    const { history } = await net.fit(ids(), next(), { epochs: 60, batchSize: 4, verbose: 0 });
    const losses = history.loss as number[];
    expect(losses[0]).toBeGreaterThan(1.5); // nearly log 7 = 1.95 at the beginning
    expect(losses.at(-1)).toBeLessThan(1);
    const after = Array.from(await (net.weights[0] as (typeof net.weights)[number]).data());
    // Id 0 occurs in no text: only the way back, where it is a wrong answer, moves its vector.
    expect(after.slice(0, D)).not.toEqual(before.slice(0, D));
  });

  test("comes back from JSON with one weight", async () => {
    const net = tied();
    const again = kept(modelFromJSON(net.toJSON()));
    again.setWeights(net.getWeights());
    expect(again.weights).toHaveLength(net.weights.length);
    expect(await (again.predict(ids()) as Tensor).data()).toEqual(
      await (net.predict(ids()) as Tensor).data(),
    );
  });

  test("says its shape without data, and refuses vectors of another size", () => {
    expect(tied().computeOutputShape([null, 3])).toEqual([null, 3, V]);
    const words = layers.reversibleEmbedding({ inputDim: V, outputDim: D, name: "words" });
    expect(() => words.apply(ones([2, 3, 4]), { reverse: true })).toThrow(ShapeError);
    expect(() => words.apply(ones([2, 3, 4]), { reverse: true })).toThrow(
      /words: received shape \[2,3,4\] with reverse. Expected vectors of outputDim 8/,
    );
  });
});
