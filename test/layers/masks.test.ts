import { describe, expect, test } from "vitest";
import { layers } from "../../src/layers/index.ts";
import { maskOf, setMask } from "../../src/layers/masks.ts";
import { ones, type Tensor, tensor } from "../../src/tensor/index.ts";

const ids = () =>
  tensor(
    [
      [4, 2, 0, 0],
      [1, 0, 3, 0],
    ],
    [2, 4],
    "int32",
  );
const maskValues = async (x: Tensor) => (await maskOf(x)?.array()) ?? null;
const bools = (rows: number[][]) => rows.map((row) => row.map((one) => one === 1));

describe("masks", () => {
  test("travel from an embedding through layers that keep steps to a recurrent one", async () => {
    const embedding = layers.embedding({ inputDim: 5, outputDim: 3, maskZero: true });
    const lstm = layers.lstm({ units: 4 });
    const x = embedding.apply(ids());
    const expected = bools([
      [1, 1, 0, 0],
      [1, 0, 1, 0],
    ]);
    expect(await maskValues(x)).toEqual(expected);
    const dropped = layers.dropout({ rate: 0.5 }).apply(x);
    const normalized = layers.layerNormalization().apply(layers.rmsNormalization().apply(dropped));
    const activated = layers.activation({ activation: "tanh" }).apply(normalized);
    const dense = layers.dense({ units: 3 }).apply(activated);
    expect(await maskValues(dense)).toEqual(expected);
    const masked = lstm.apply(dense);
    expect(maskOf(masked)).toBeNull();
    const mask = tensor(
      [
        [1, 1, 0, 0],
        [1, 0, 1, 0],
      ],
      [2, 4],
      "bool",
    );
    expect(await masked.data()).toEqual(await lstm.apply(dense, { mask }).data());
    expect(await masked.data()).not.toEqual(await lstm.apply(dense, { mask: null }).data());
  });

  test("stay with sequences, in the order of the output", async () => {
    const x = ones([1, 3, 2]);
    setMask(x, tensor([[1, 1, 0]], [1, 3], "bool"));
    const config = { units: 2, returnSequences: true } as const;
    expect(await maskValues(layers.gru(config).apply(x))).toEqual([[true, true, false]]);
    const backwards = layers.gru({ ...config, goBackwards: true }).apply(x);
    expect(await maskValues(backwards)).toEqual([[false, true, true]]);
    const [y, h] = layers.gru({ ...config, returnState: true }).apply(x);
    expect(await maskValues(y as Tensor)).toEqual([[true, true, false]]);
    expect(maskOf(h as Tensor)).toBeNull();
  });

  test("come from masking: steps whose features all equal the value become zero", async () => {
    const x = tensor([
      [
        [7, 7],
        [1, 7],
        [7, 7],
        [2, 3],
      ],
    ]);
    const y = layers.masking({ maskValue: 7 }).apply(x);
    expect(await y.array()).toEqual([
      [
        [0, 0],
        [1, 7],
        [0, 0],
        [2, 3],
      ],
    ]);
    expect(await maskValues(y)).toEqual([[false, true, false, true]]);
  });

  test("of several inputs: a step counts where it counts in all of them", async () => {
    const [a, b, c] = [ones([1, 3, 2]), ones([1, 3, 2]), ones([1, 3, 2])];
    setMask(a, tensor([[1, 1, 0]], [1, 3], "bool"));
    setMask(b, tensor([[0, 1, 1]], [1, 3], "bool"));
    expect(await maskValues(layers.add().apply([a, b, c]))).toEqual([[false, true, false]]);
    expect(await maskValues(layers.concatenate().apply([a, b]))).toEqual([[false, true, false]]);
    const inTime = layers.concatenate({ axis: 1 }).apply([a, c]);
    expect(await maskValues(inTime)).toEqual([[true, true, false, true, true, true]]);
  });

  test("through a bidirectional layer keep the order of the input", async () => {
    const x = ones([1, 3, 2]);
    setMask(x, tensor([[1, 1, 0]], [1, 3], "bool"));
    const layer = layers.bidirectional({ layer: layers.lstm({ units: 2, returnSequences: true }) });
    expect(await maskValues(layer.apply(x))).toEqual([[true, true, false]]);
  });
});
