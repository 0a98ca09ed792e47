import { describe, expect, test } from "vitest";
import { collectLosses } from "../../src/layers/call-context.ts";
import { layers } from "../../src/layers/index.ts";
import { maskOf } from "../../src/layers/masks.ts";
import {
  gather,
  mean,
  slice,
  sum,
  type Tensor,
  tensor,
  variable,
  variableGrads,
  zeros,
} from "../../src/tensor/index.ts";
import { input, loadLayersModel, model, sequential } from "../../src/train/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { wave } from "../helpers/golden.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { kept } from "../train/support.ts";

const given = (shape: number[], phase = 0.4): Tensor => tensor(wave(shape, phase), shape);
const block = { intermediateDim: 12, numHeads: 2 } as const;

/** Layers of one input in which no step sees later ones, with 8 features. */
const causal: [string, () => (x: Tensor) => Tensor][] = [
  [
    "multiHeadAttention",
    () => {
      const layer = kept(layers.multiHeadAttention({ numHeads: 2, keyDim: 4 }));
      return (x) => layer.apply(x, { useCausalMask: true });
    },
  ],
  [
    "groupedQueryAttention in a window",
    () => {
      const heads = { headDim: 4, numQueryHeads: 4, numKeyValueHeads: 2, slidingWindow: 3 };
      const layer = kept(layers.groupedQueryAttention(heads));
      return (x) => layer.apply(x, { useCausalMask: true });
    },
  ],
  [
    "additiveAttention",
    () => {
      const layer = kept(layers.additiveAttention());
      return (x) => layer.apply(x, { useCausalMask: true });
    },
  ],
  [
    "two transformerDecoders",
    () => {
      const first = kept(layers.transformerDecoder({ ...block, normalizeFirst: true }));
      const second = kept(layers.transformerDecoder({ ...block, feedForward: "swiglu" }));
      return (x) => second.apply(first.apply(x));
    },
  ],
];

describe("causal", () => {
  const [time, changed] = [9, 5];

  test.each(causal)("%s: what comes later changes no bit of what came before", async (_, make) => {
    const run = make();
    const x = wave([2, time, 8], 0.4);
    const other = x.map((value, i) => (Math.floor(i / 8) % time === changed ? value + 1 : value));
    const [before, after] = await Promise.all(
      [x, other].map((data) => run(tensor(data, [2, time, 8])).array() as Promise<number[][][]>),
    );
    for (const row of [0, 1]) {
      for (let t = 0; t < changed; t++) expect(after?.[row]?.[t]).toEqual(before?.[row]?.[t]);
      expect(after?.[row]?.[changed]).not.toEqual(before?.[row]?.[changed]);
    }
  });

  test("a window of 2 passes a change on by one step a layer", async () => {
    const heads = { numHeads: 2, keyDim: 4, slidingWindow: 2 };
    const layer = kept(layers.multiHeadAttention(heads));
    const rows = (data: Float32Array) =>
      layer.apply(tensor(data, [1, 6, 8]), { useCausalMask: true }).array() as Promise<
        number[][][]
      >;
    const x = wave([1, 6, 8], 0.4);
    const [[before]] = [await rows(x)];
    const [after] = await rows(x.map((value, i) => (Math.floor(i / 8) === 2 ? -value : value)));
    const isSame = (t: number) => JSON.stringify(after?.[t]) === JSON.stringify(before?.[t]);
    expect([0, 1, 2, 3, 4, 5].map(isSame)).toEqual([true, true, false, false, true, true]);
  });
});

describe("batch and padding", () => {
  const encoder = () => kept(layers.transformerEncoder(block));

  test("permuting the batch permutes the output", async () => {
    const layer = encoder();
    const x = given([4, 5, 8]);
    const order = tensor([2, 0, 3, 1], [4], "int32");
    const expected = gather(layer.apply(x), order);
    const actual = layer.apply(gather(x, order));
    expectClose(await actual.data(), await expected.data(), tolerances.samePrecision);
  });

  test("what padded steps hold changes nothing, nor do they get a gradient", async () => {
    const layer = encoder();
    const paddingMask = [
      [true, true, true, true, false],
      [true, true, false, false, false],
    ];
    const clean = wave([2, 5, 8], 0.4);
    const garbage = clean.map((value, i) =>
      paddingMask[Math.floor(i / 40)]?.[Math.floor(i / 8) % 5] ? value : 1e15 * value,
    );
    const valid = tensor(paddingMask.flat().map(Number), [2, 5, 1]);
    const results = [clean, garbage].map((data) => {
      const x = kept(variable(tensor(data, [2, 5, 8]), true, "x"));
      // Steps that do not count are left out of the loss, as a masked loss does.
      return variableGrads(() =>
        sum(layer.apply(x, { paddingMask }).where(valid.cast("bool"), 0).square()),
      );
    });
    const [a, b] = results;
    expect(await a?.value.data()).toEqual(await b?.value.data());
    for (const [name, gradient] of Object.entries(a?.grads ?? {})) {
      const other = await b?.grads[name]?.data();
      if (name === "x") {
        const values = [...(other ?? [])];
        expect(values.slice(32, 40).every((one) => one === 0)).toBe(true);
        expect(values.slice(0, 32).some((one) => one !== 0)).toBe(true);
      } else {
        expectClose(other ?? [], await gradient.data(), { ...tolerances.gradient, label: name });
      }
    }
  });

  test("a mask that travels with the input is that of queries and keys, and goes on", async () => {
    const embedding = kept(layers.embedding({ inputDim: 5, outputDim: 8, maskZero: true }));
    const layer = kept(
      layers.multiHeadAttention({ numHeads: 2, keyDim: 4, biasInitializer: "ones" }),
    );
    const ids = tensor(
      [
        [1, 2, 0, 0],
        [3, 0, 4, 1],
      ],
      [2, 4],
      "int32",
    );
    const x = embedding.apply(ids);
    const y = layer.apply(x);
    expect(await maskOf(y)?.array()).toEqual([
      [true, true, false, false],
      [true, false, true, true],
    ]);
    const mask = maskOf(x);
    const explicit = layer.apply(x, { queryMask: mask, valueMask: mask });
    expect(await explicit.data()).toEqual(await y.data());
    // Zeros from every head leave the bias of the output: ones.
    expect(((await y.array()) as number[][][])[0]?.[3]).toEqual(Array(8).fill(1));
    const blind = layer.apply(x, { mask: null });
    expect(maskOf(blind)).toBeNull();
    expect(await blind.data()).not.toEqual(await y.data());
    const [z, scores] = layer.apply(x, { returnAttentionScores: true });
    expect(await maskOf(z as Tensor)?.data()).toEqual(await mask?.data());
    expect(((await (scores as Tensor).array()) as number[][][][])[0]?.[0]?.[3]).toEqual([
      0, 0, 0, 0,
    ]);
  });

  test("masks may be given in the order of the inputs, and as arrays", async () => {
    const layer = kept(layers.attention());
    const [query, value] = [given([1, 3, 4]), given([1, 2, 4], 0.9)];
    const named = layer.apply([query, value], { valueMask: [[1, 0]] });
    const listed = layer.apply([query, value], { mask: [null, tensor([[1, 0]], [1, 2], "bool")] });
    expect(await listed.data()).toEqual(await named.data());
    const first = ((await value.array()) as number[][][])[0]?.[0];
    expect(((await named.array()) as number[][][])[0]).toEqual([first, first, first]);
  });
});

describe("training of attention", () => {
  test("dropout drops weights, not in inference, and follows its seed", async () => {
    const make = () => layers.attention({ dropout: 0.25, seed: 4 });
    const [query, value] = [
      zeros([64, 4, 3]),
      tensor(new Float32Array(64 * 8).fill(1), [64, 8, 1]),
    ];
    // All scores are equal, so each output is the number of weights that stay / (8 · 0.75).
    const inputs = [query, value, zeros([64, 8, 3])];
    const layer = kept(make());
    const dropped = await layer.apply(inputs, { training: true }).data();
    const stayed = [...dropped].map((one) => one * 6);
    for (const count of stayed) expect(Math.abs(count - Math.round(count))).toBeLessThan(1e-5);
    expect(new Set(stayed.map(Math.round)).size).toBeGreaterThan(3);
    // 2,048 choices: 0.75 ± 4 standard deviations of 0.0096.
    const share = stayed.reduce((a, b) => a + b) / 2048;
    expect(Math.abs(share - 0.75)).toBeLessThan(0.04);
    expect(await kept(make()).apply(inputs, { training: true }).data()).toEqual(dropped);
    expect(await layer.apply(inputs, { training: true }).data()).not.toEqual(dropped);
    expect(await mean(layer.apply(inputs)).data()).toEqual(new Float32Array([1]));
  });

  test("penalties: on each kernel, and on what each projection gives", async () => {
    const penalties = { kernelRegularizer: "l2", activityRegularizer: "l2" } as const;
    const layer = kept(layers.multiHeadAttention({ numHeads: 2, keyDim: 4, ...penalties }));
    const { result, losses } = collectLosses(() => layer.apply(given([2, 3, 8])) as Tensor);
    expect(layer.losses).toHaveLength(4);
    expect(losses).toHaveLength(4);
    const last = await (losses[3] as Tensor).data();
    const expected = [...(await result.data())].reduce((all, one) => all + 0.01 * one * one, 0);
    expectClose(last, [expected], tolerances.reduction);
  });
});

describe("models with attention", () => {
  test("stacked blocks have weights of their own names, by place and by variable", async () => {
    const net = kept(
      sequential({
        layers: [
          layers.transformerEncoder({ ...block, inputShape: [4, 8], name: "first" }),
          layers.transformerEncoder({ ...block, name: "second" }),
        ],
      }),
    );
    const paths = [...net.weightsByPath().keys()];
    expect(paths).toHaveLength(32);
    expect(paths.slice(0, 2)).toEqual([
      "first/self_attention_layer/query/kernel",
      "first/self_attention_layer/query/bias",
    ]);
    expect(paths.at(-1)).toBe("second/feedforward_output_dense/bias");
    const { grads } = variableGrads(() => sum((net.apply(given([1, 4, 8])) as Tensor).square()));
    expect(Object.keys(grads)).toHaveLength(32);
  });

  test("come back from a file with the same results", async () => {
    const ids = input({ shape: [5], dtype: "int32" });
    const source = input({ shape: [null, 8], name: "source" });
    const x = layers.embedding({ inputDim: 7, outputDim: 8, maskZero: true }).apply(ids);
    const encoded = layers.transformerEncoder(block).apply(source);
    const decoded = layers.transformerDecoder(block).apply([x, encoded]);
    const grouped = { headDim: 4, numQueryHeads: 2, numKeyValueHeads: 1 };
    const [y, scores] = layers
      .groupedQueryAttention(grouped)
      .apply([decoded, encoded], { useCausalMask: true, returnAttentionScores: true });
    if (y === undefined || scores === undefined) throw new Error("no scores");
    expect(decoded.shape).toEqual([null, 5, 8]);
    expect(y.shape).toEqual([null, 5, 8]);
    expect(scores.shape).toEqual([null, 2, 5, null]);
    const net = kept(model({ inputs: [ids, source], outputs: [y, scores] }));
    const data = [tensor([[1, 2, 6, 0, 0]], [1, 5], "int32"), given([1, 6, 8])];
    const again = kept(await loadLayersModel(await net.save()));
    const [before, after] = [
      net.predict(data) as Tensor[],
      again.predict(data) as unknown as Tensor[],
    ];
    expect(before.map((one) => one.shape)).toEqual([
      [1, 5, 8],
      [1, 2, 5, 6],
    ]);
    for (const [i, one] of before.entries()) {
      expect(await (after[i] as Tensor).data()).toEqual(await one.data());
    }
  });

  test("symbolic shapes: of the output, of other features, and of scores", () => {
    const x = input({ shape: [null, 6] });
    const layer = layers.multiHeadAttention({ numHeads: 3, keyDim: 2, outputShape: [5, 2] });
    expect(layer.apply(x).shape).toEqual([null, null, 5, 2]);
    const [, scores] = layer.apply([x, x], { returnAttentionScores: true });
    expect(scores?.shape).toEqual([null, 3, null, null]);
    const image = input({ shape: [3, 4, 6] });
    const axes = layers.multiHeadAttention({ numHeads: 2, keyDim: 2, attentionAxes: [2] });
    const [, byRow] = axes.apply([image, image], { returnAttentionScores: true });
    expect(byRow?.shape).toEqual([null, 3, 2, 4, 4]);
    const value = input({ shape: [7, 5] });
    const key = input({ shape: [7, 6] });
    expect(layers.attention().apply([x, value, key]).shape).toEqual([null, null, 5]);
  });

  test("flattened axes see as attention on each row alone", async () => {
    const layer = kept(layers.multiHeadAttention({ numHeads: 2, keyDim: 2, attentionAxes: 2 }));
    const x = given([2, 3, 4, 6]);
    const all = (await layer.apply(x).array()) as number[][][][];
    const alone = kept(layers.multiHeadAttention({ numHeads: 2, keyDim: 2 }));
    alone.ensureBuilt([2, 4, 6]);
    alone.setWeights(layer.getWeights());
    const row = slice(x, [0, 1, 0, 0], [2, 1, 4, 6]).reshape([2, 4, 6]);
    expectClose(
      await alone.apply(row).data(),
      all.map((image) => image[1]).flat(2) as number[],
      tolerances.samePrecision,
    );
  });
});
