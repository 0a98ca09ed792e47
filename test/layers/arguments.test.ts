import { describe, expect, test } from "vitest";
import { ArgumentError, ShapeError, SluiceError } from "../../src/errors.ts";
import { initializers } from "../../src/initializers/index.ts";
import { layers } from "../../src/layers/index.ts";
import { adam, adamW, adamw, rmsprop, sgd } from "../../src/optimizers/index.ts";
import { resolveOptimizer } from "../../src/optimizers/resolve.ts";
import { l1, l1l2 } from "../../src/regularizers/index.ts";
import { ones, type Tensor, tensor, zeros } from "../../src/tensor/index.ts";
import { sequential } from "../../src/train/index.ts";

/** What JavaScript lets through: makers without the types of their arguments. */
type Loose = (config?: unknown) => unknown;
const make = layers as unknown as Record<string, Loose>;

describe("makers of layers", () => {
  const needy = Object.keys(layers).filter(
    (name) =>
      ![
        "Layer",
        "RNNCell",
        "flatten",
        "masking",
        "layerNormalization",
        "rmsNormalization",
        "sinePositionEncoding",
        "rotaryEmbedding",
        "concatenate",
        "attention",
        "additiveAttention",
      ].includes(name) &&
      !/Pooling[12]d$/.test(name) &&
      !["add", "subtract", "multiply", "average", "maximum", "minimum"].includes(name) &&
      name !== "normalization" &&
      !["softmax", "reLU", "leakyReLU", "elu", "prelu"].includes(name),
  );

  test.each(needy)("%s without its config, or with an empty one, says what it wants", (name) => {
    for (const config of [undefined, null, {}, 3, "x"]) {
      expect(() => make[name]?.(config)).toThrow(ArgumentError);
    }
  });

  test.each(Object.keys(layers).filter((name) => !["Layer", "RNNCell"].includes(name)))(
    "%s refuses a key that it does not read",
    (name) => {
      expect(() => make[name]?.({ nameOfNothing: 1 })).toThrow(/nameOfNothing|no option|received/);
      expect(() => make[name]?.({ nameOfNothing: 1 })).toThrow(ArgumentError);
    },
  );

  const wrong: [string, Record<string, unknown>, string][] = [
    ["dense", { unit: 3 }, "layers.dense: there is no option unit. Did you mean units?"],
    ["dense", { units: 3, loraRank: 2 }, "not to sluice yet"],
    ["dense", { units: 3, dtype: "float16" }, "float32"],
    ["dense", { units: 3, trainable: "no" }, "Expected a boolean"],
    ["lstm", { units: 3, return_sequences: true }, "Did you mean returnSequences?"],
    ["lstm", { units: 3, returnSequences: "false" }, "Expected a boolean"],
    ["lstm", { units: 3, resetAfter: true }, "no option resetAfter"],
    ["gru", { units: 3, unitForgetBias: true }, "no option unitForgetBias"],
    ["simpleRNN", { units: 3, recurrentActivation: "tanh" }, "no option recurrentActivation"],
    ["rnn", { cel: {} }, "Did you mean cell?"],
    ["rnn", { cell: null }, "cell: received null. Expected a cell"],
    ["rnn", { cell: [] }, "received a list of 0 as cells. Expected a list with at least one cell"],
    ["rnn", { cell: { className: "Dense", config: { units: 1 } } }, "received an object (Dense)"],
    ["rnn", { cell: { className: "CellOfNobody" } }, 'cell: there is no class "CellOfNobody"'],
    ["rnn", { cell: () => 1 }, "cell: received a function"],
    ["multiHeadAttention", { numHeads: 2, keyDim: 4, useCausalMask: true }, "argument of the call"],
    ["attention", { returnAttentionScores: true }, "{ returnAttentionScores: … }"],
    ["add", { axis: 1 }, "layers.add: there is no option axis"],
    ["concatenate", { axes: 1 }, "Did you mean axis?"],
  ];

  test.each(wrong)("%s(%j)", (name, config, message) => {
    expect(() => make[name]?.(config)).toThrow(message);
  });

  test("what asks for nothing passes", () => {
    make.dense?.({ units: 3, kernelConstraint: null, dtype: "float32", name: undefined });
    make.lstm?.({ units: 3, unroll: true, implementation: 2, recurrentConstraint: null });
  });

  test("classes of one's own have keys of their own", () => {
    class Own extends layers.Layer {
      readonly factor: number;
      constructor(config: { factor: number; name?: string }) {
        super(config);
        this.factor = config.factor;
      }
      override call(x: Tensor): Tensor {
        return x.mul(this.factor);
      }
    }
    expect(new Own({ factor: 2 }).factor).toBe(2);
  });

  test("inputDim and inputLength say the input's shape, as in TF.js", () => {
    const shapeOf = (config: object): unknown =>
      layers.lstm({ units: 2, ...config } as never).batchInputShape;
    expect(shapeOf({ inputDim: 3, inputLength: 5 })).toEqual([null, 5, 3]);
    expect(shapeOf({ inputDim: 3 })).toEqual([null, null, 3]);
    expect(shapeOf({ inputDim: 3, batchSize: 4 })).toEqual([4, null, 3]);
    expect(shapeOf({ inputDim: 3, inputShape: [7, 2] })).toEqual([null, 7, 2]);
    expect(() => shapeOf({ inputDim: 0.5 })).toThrow(ArgumentError);
    const model = sequential({ layers: [layers.gru({ units: 2, inputDim: 3 })] });
    expect(model.built).toBe(true);
    model.dispose();
  });
});

describe("settings of optimizers, initializers and regularizers", () => {
  const wrong: [string, () => unknown, string][] = [
    ["adam", () => adam({ lr: 1 } as never), "train.adam: there is no option lr"],
    ["adam", () => adam({ learning_rate: 1 } as never), "Did you mean learningRate?"],
    ["adam", () => adam({ lossScaleFactor: "8" } as never), "Expected a number"],
    ["adamw", () => adamw({ weight_decay: 1 } as never), "Did you mean weightDecay?"],
    ["sgd", () => sgd({ momentun: 1 } as never), "Did you mean momentum?"],
    ["rmsprop", () => rmsprop({ roh: 1 } as never), "Did you mean rho?"],
    ["compile", () => resolveOptimizer({ kind: "adam", lr: 1 } as never), "no option lr"],
    ["compile", () => resolveOptimizer({ className: "Adan" }), "adam"],
    ["compile", () => resolveOptimizer(5 as never), "received 5"],
    ["compile", () => resolveOptimizer([] as never), "received a list of 0"],
    ["randomNormal", () => initializers.randomNormal({ std: 1 } as never), "Did you mean stddev?"],
    ["heNormal", () => initializers.heNormal({ scale: 1 } as never), "no option scale"],
    ["l1", () => l1({ l2: 1 } as never), "no option l2"],
    ["l1l2", () => l1l2({ l3: 1 } as never), "no option l3"],
  ];

  test.each(wrong)("%s", (_name, attempt, message) => {
    expect(attempt).toThrow(SluiceError);
    expect(attempt).toThrow(message);
  });

  test("an optimizer comes from the form of saved models", () => {
    const config = { learningRate: 0.25, beta1: 0.5 };
    const made = resolveOptimizer({ className: "Adam", config });
    expect(made.getConfig()).toMatchObject({ kind: "adam", ...config });
    expect(resolveOptimizer({ className: "SGD" }).getConfig().kind).toBe("sgd");
    expect(resolveOptimizer(made.getConfig() as never).getConfig()).toEqual(made.getConfig());
    expect(adamW).toBe(adamw);
  });

  test("initializers by TF.js's spelling", async () => {
    const [ours, theirs] = [
      initializers.lecunNormal({ seed: 1 }),
      initializers.leCunNormal({ seed: 1 }),
    ];
    expect(theirs.values([3, 3])).toEqual(ours.values([3, 3]));
    const layer = layers.dense({ units: 2, kernelInitializer: "leCunUniform" });
    expect(layer.apply(ones([1, 2])).shape).toEqual([1, 2]);
    expect(layer.getConfig().kernelInitializer).toMatchObject({ className: "LecunUniform" });
  });
});

describe("arguments of a call", () => {
  const x = ones([1, 3, 2]);
  const rnn = layers.gru({ units: 2, returnSequences: true });
  const lstm = layers.lstm({ units: 2 });
  const loose = (layer: unknown, kwargs?: unknown): Tensor =>
    (layer as { apply(x: Tensor, kwargs?: unknown): Tensor }).apply(x, kwargs);

  test("masks may be arrays of numbers or booleans", async () => {
    const expected = await loose(rnn, { mask: tensor([[true, false, true]]) }).data();
    for (const mask of [[[1, 0, 1]], [[true, false, true]]]) {
      expect(await loose(rnn, { mask }).data()).toEqual(expected);
    }
    expect(await loose(rnn, { mask: null }).data()).not.toEqual(expected);
    expect(await loose(rnn, { mask: [tensor([[true, false, true]])] }).data()).toEqual(expected);
    expect(() => loose(rnn, { mask: [[1, 0]] })).toThrow(ShapeError);
  });

  test("initial states may be arrays, and null is none", async () => {
    const state = tensor([[1, -1]]);
    const expected = await loose(rnn, { initialState: state }).data();
    for (const initialState of [[state], [[1, -1]], [[[1, -1]]]]) {
      expect(await loose(rnn, { initialState }).data()).toEqual(expected);
    }
    const two = await loose(lstm, { initialState: [state, state] }).data();
    expect(await loose(lstm, { initialState: [[[1, -1]], [[1, -1]]] }).data()).toEqual(two);
    const none = await loose(lstm).data();
    for (const initialState of [null, undefined]) {
      expect(await loose(lstm, { initialState }).data()).toEqual(none);
    }
    const both = layers.bidirectional({ layer: rnn });
    const states = await loose(both, { initialState: [state, state] }).data();
    expect(await loose(both, { initialState: [[[1, -1]], [[1, -1]]] }).data()).toEqual(states);
    expect(await loose(both, { initialState: null }).data()).not.toEqual(states);
  });

  const wrong: [string, unknown][] = [
    ["options that are true", true],
    ["options that are a tensor", ones([1])],
    ["options that are a list", [x]],
    ["a mask that is text", { mask: "x" }],
    ["a mask that is a number", { mask: 1 }],
    ["states that are text", { initialState: "x" }],
    ["states that are a number", { initialState: 5 }],
    ["too many states", { initialState: [[[1, 1]], [[1, 1]]] }],
    ["a list of nothing", { initialState: [null] }],
  ];

  test.each(wrong)("%s are refused", (_what, kwargs) => {
    expect(() => loose(rnn, kwargs)).toThrow(SluiceError);
  });

  test("a dense layer without features gives its bias", async () => {
    const layer = layers.dense({ units: 2, biasInitializer: "ones" });
    const y = layer.apply(zeros([2, 0]));
    expect(y.shape).toEqual([2, 2]);
    expect(await y.array()).toEqual([
      [1, 1],
      [1, 1],
    ]);
    expect(layers.dense({ units: 2 }).apply(zeros([0, 3])).shape).toEqual([0, 2]);
  });
});
