import { describe, expect, test } from "vitest";
import { ArgumentError } from "../../src/errors.ts";
import { layers } from "../../src/layers/index.ts";
import { input } from "../../src/layers/input.ts";
import type { AnyLayer } from "../../src/layers/layer.ts";
import { maskOf, setMask } from "../../src/layers/masks.ts";
import { concat, ones, setSeed, type Tensor, tensor } from "../../src/tensor/index.ts";
import { loadLayersModel, sequential } from "../../src/train/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { wave } from "../helpers/golden.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { kept } from "../train/support.ts";
import { Decay } from "./cells.ts";

const [B, T, I, H] = [2, 5, 3, 4];
const sequence = () => tensor(wave([B, T, I], 0.3), [B, T, I]);
const wavy = (shape: readonly number[], phase: number) => tensor(wave(shape, phase, 0.6), shape);

function withWeights<L extends AnyLayer>(layer: L, features = I): L {
  layer.ensureBuilt([B, T, features]);
  layer.setWeights(layer.weights.map(({ shape }, i) => wavy(shape, 0.9 + i)));
  return kept(layer);
}

const same = async (actual: Tensor | undefined, expected: Tensor | undefined) => {
  expect(actual?.shape).toEqual(expected?.shape);
  const wanted = (await expected?.data()) ?? [];
  expectClose((await actual?.data()) ?? [], wanted, tolerances.samePrecision);
};

const shared = { units: H, returnSequences: true, returnState: true } as const;

describe("stackedRNN", () => {
  test("is layers one on the other, with their states in PyTorch's order", async () => {
    const layer = layers.lstm(shared);
    const stack = withWeights(layers.stackedRNN({ layer, numLayers: 2, dropout: 0.9 }));
    const [lower, upper] = [kept(layers.lstm(shared)), kept(layers.lstm(shared))];
    lower.ensureBuilt([B, T, I]);
    upper.ensureBuilt([B, T, H]);
    lower.setWeights(stack.getWeights().slice(0, 3));
    upper.setWeights(stack.getWeights().slice(3));
    const states = [1, 2, 3, 4].map((phase) => wavy([B, H], phase));
    const mask = tensor([
      [true, true, true, true, false],
      [true, false, true, false, false],
    ]);
    const below = lower.apply(sequence(), { mask, initialState: states.slice(0, 2) });
    const above = upper.apply(below[0] as Tensor, { mask, initialState: states.slice(2) });
    const given = stack.apply(sequence(), { mask, initialState: states });
    expect(given).toHaveLength(5);
    for (const [i, one] of [...above.slice(0, 1), ...below.slice(1), ...above.slice(1)].entries())
      await same(given[i], one);
    expect([...stack.weightsByPath().keys()].map((path) => path.replace(/^lstm_\d+/, ""))).toEqual([
      "_l0/kernel",
      "_l0/recurrent_kernel",
      "_l0/bias",
      "_l1/kernel",
      "_l1/recurrent_kernel",
      "_l1/bias",
    ]);
  });

  test("in both directions: each layer sees both outputs of the one below", async () => {
    const layer = layers.gru({ units: H });
    const stack = withWeights(layers.stackedRNN({ layer, numLayers: 2, bidirectional: true }));
    const both = { layer: layers.gru({ units: H, returnSequences: true }) };
    const lower = kept(layers.bidirectional(both));
    const upper = kept(layers.bidirectional({ layer: layers.gru({ units: H }) }));
    lower.ensureBuilt([B, T, I]);
    upper.ensureBuilt([B, T, 2 * H]);
    lower.setWeights(stack.getWeights().slice(0, 6));
    upper.setWeights(stack.getWeights().slice(6));
    await same(stack.apply(sequence()), upper.apply(lower.apply(sequence())));
    expect(stack.computeOutputShape([null, T, I])).toEqual([null, 2 * H]);
  });

  test("backwards in time it is the stack on the reversed input", async () => {
    const config = { units: H, returnSequences: true };
    const make = (goBackwards: boolean) =>
      withWeights(
        layers.stackedRNN({ layer: layers.simpleRNN({ ...config, goBackwards }), numLayers: 3 }),
      );
    const x = sequence();
    setMask(x, tensor([[true, true, true, true, false], new Array(T).fill(true)]));
    const y = make(true).apply(x);
    const mask = tensor([[false, true, true, true, true], new Array(T).fill(true)]);
    await same(y, make(false).apply(sequence().reverse(1), { mask }));
    expect(await maskOf(y)?.array()).toEqual(await mask.array());
  });

  test.each([false, true])(
    "lengths are the mask that they say, goBackwards %s",
    async (goBackwards) => {
      const layer = layers.gru({ units: H, returnSequences: true, goBackwards });
      const stack = withWeights(layers.stackedRNN({ layer, numLayers: 2 }));
      const mask = tensor([
        [true, true, true, true, true],
        [true, true, false, false, false],
      ]);
      const y = stack.apply(sequence(), { sequenceLengths: [5, 2] });
      await same(y, stack.apply(sequence(), { mask }));
      const both = () => stack.apply(sequence(), { sequenceLengths: [5, 2], mask });
      expect(both).toThrow("received sequenceLengths and a mask. Expected one of them");
    },
  );

  test("drops outputs between the layers in training, not after the last one", async () => {
    const echo = {
      units: 8,
      activation: "linear",
      useBias: false,
      returnSequences: true,
      kernelInitializer: "identity",
      recurrentInitializer: "zeros",
    } as const;
    const make = (numLayers: number) =>
      kept(layers.stackedRNN({ layer: layers.simpleRNN(echo), numLayers, dropout: 0.5, seed: 4 }));
    const valuesOf = async (layer: AnyLayer, training: boolean) =>
      (await (layer.apply(ones([4, T, 8]), { training }) as Tensor).array()) as number[][][];
    const two = (await valuesOf(make(2), true)).flat();
    expect(new Set(two.flat())).toEqual(new Set([0, 2]));
    expect(new Set(two.map(String)).size).toBeGreaterThan(1); // anew at every step
    expect(new Set((await valuesOf(make(3), true)).flat(2))).toEqual(new Set([0, 4]));
    expect(new Set((await valuesOf(make(1), true)).flat(2))).toEqual(new Set([1]));
    expect(new Set((await valuesOf(make(2), false)).flat(2))).toEqual(new Set([1]));
  });

  test("of a cell, stateful: goes on, and begins again after resetStates", async () => {
    const config = { cell: layers.gruCell({ units: H }), returnSequences: true };
    const whole = withWeights(layers.stackedRNN({ layer: layers.rnn(config), numLayers: 2 }));
    const stateful = layers.rnn({ ...config, stateful: true });
    const parts = withWeights(layers.stackedRNN({ layer: stateful, numLayers: 2 }));
    const x = sequence();
    const halves = () => [
      parts.apply(x.slice([0, 0, 0], [B, 2, I])),
      parts.apply(x.slice([0, 2, 0], [B, 3, I])),
    ];
    await same(concat(halves(), 1), whole.apply(x));
    parts.resetStates();
    await same(concat(halves(), 1), whole.apply(x));
    expect(() => parts.resetStates([ones([B, H])])).toThrow(ArgumentError);
  });

  test("in a model: learns, and comes back from its file with the same bits", async () => {
    setSeed(3);
    const layer = layers.lstm({ units: 4, dropout: 0.1 });
    const stack = layers.stackedRNN({ layer, numLayers: 2, dropout: 0.1, inputShape: [T, I] });
    const model = kept(sequential({ layers: [stack, layers.dense({ units: 1 })] }));
    model.compile({ optimizer: { kind: "adam", learningRate: 0.05 }, loss: "meanSquaredError" });
    const y = tensor([[0.5], [-0.5]]);
    const { history } = await model.fit(sequence(), y, { epochs: 40, verbose: 0 });
    expect(history.loss?.at(-1)).toBeLessThan(0.3 * Number(history.loss?.[0]));
    const again = kept(await loadLayersModel(await model.save()));
    const given = await (again.predict(sequence()) as Tensor).data();
    expect(given).toEqual(await model.predict(sequence()).data());
  });

  test("says shapes for symbols, and what does not fit", () => {
    const layer = layers.lstm({ units: H, returnState: true });
    const stack = kept(layers.stackedRNN({ layer, numLayers: 2, name: "tower" }));
    const outputs = stack.apply(input({ shape: [null, I] }));
    expect(outputs.map(({ shape }) => shape)).toEqual(new Array(5).fill([null, H]));
    const states = [1, 2, 3].map(() => ones([B, H]));
    const apply = () => stack.apply(sequence(), { initialState: states });
    expect(apply).toThrow("tower: received 3 states. Expected as many for each of the 2 layers");
    const six = [...states, ...states];
    expect(() => stack.apply(sequence(), { initialState: six })).toThrow("received 3 states");
    const make = (config: object) => () => layers.stackedRNN({ layer, ...config } as never);
    expect(make({ numLayers: 0 })).toThrow("numLayers is 0");
    expect(make({ numLayers: 2, dropout: 1 })).toThrow("dropout is 1");
    const dense = { numLayers: 2, layer: layers.dense({ units: 1 }) };
    expect(make(dense)).toThrow("received a Dense layer. Expected a recurrent one");
  });
});

describe("bidirectional over any recurrent layer", () => {
  test("over rnn with cells of the library: what it is over the layer", async () => {
    const mask = tensor([
      [true, true, false, true, true],
      [true, true, true, true, false],
    ]);
    const config = { returnSequences: true, returnState: true } as const;
    const fused = withWeights(
      layers.bidirectional({ layer: layers.lstm({ units: H, ...config }) }),
    );
    const cell = layers.lstmCell({ units: H });
    const general = withWeights(layers.bidirectional({ layer: layers.rnn({ cell, ...config }) }));
    const expected = fused.apply(sequence(), { mask });
    const given = general.apply(sequence(), { mask });
    expect(given).toHaveLength(5);
    for (const [i, one] of expected.entries()) await same(given[i], one);
  });

  // Expected values: h' = (h + x) / 2 by hand.
  test("over a cell of one's own, also of a class that nobody registered", async () => {
    class Unregistered extends Decay {
      static override readonly className: string = "UnregisteredOfATest";
    }
    const rnn = layers.rnn({ cell: new Unregistered(), returnSequences: true });
    const layer = kept(layers.bidirectional({ layer: rnn }));
    const y = layer.apply(tensor([[[8], [4], [2]]]));
    expect(await y.array()).toEqual([
      [
        [4, 5.25],
        [4, 2.5],
        [3, 1],
      ],
    ]);
  });

  test("over a layer whose activation is a function, and another layer backwards", async () => {
    const double = (x: Tensor) => x.mul(2);
    const config = { units: 1, useBias: false, recurrentInitializer: "zeros" } as const;
    const forward = layers.simpleRNN({ ...config, activation: double, kernelInitializer: "ones" });
    const backward = layers.rnn({ cell: new Decay(), goBackwards: true });
    const layer = kept(layers.bidirectional({ layer: forward, backwardLayer: backward }));
    expect(await layer.apply(tensor([[[8], [4], [2]]])).array()).toEqual([[4, 5.25]]);
  });
});

describe("timeDistributed", () => {
  const words = () => ones([1, 2, 3, 2]); // one text of two sentences of three words
  const mask = () =>
    tensor([
      [
        [true, true, false],
        [false, false, false],
      ],
    ]); // [1, 2, 3]

  test("gives the layer inside the mask of its own axis, and the next one what is left", async () => {
    const inner = layers.rnn({ cell: new Decay(), returnSequences: false });
    const layer = kept(layers.timeDistributed({ layer: inner }));
    const x = tensor([
      [
        [[8], [4], [100]],
        [[2], [6], [100]],
      ],
    ]);
    const y = layer.apply(x, { mask: mask() });
    expect(await y.array()).toEqual([[[4], [0]]]); // (0 + 8) / 2 = 4, (4 + 4) / 2 = 4
    expect(await maskOf(y)?.array()).toEqual([[true, false]]);
    const embedding = kept(layers.embedding({ inputDim: 5, outputDim: 2, maskZero: true }));
    const ids = tensor(
      [
        [
          [1, 2, 0],
          [0, 0, 0],
        ],
      ],
      [1, 2, 3],
      "int32",
    );
    const travelled = kept(layers.timeDistributed({ layer: layers.gru({ units: 2 }) }));
    const sentences = travelled.apply(embedding.apply(ids));
    expect(await maskOf(sentences)?.array()).toEqual([[true, false]]);
    // A sentence without words leaves the state at its beginning.
    expect((await sentences.array()) as number[][][]).toMatchObject([[{ length: 2 }, [0, 0]]]);
  });

  test("a mask of steps goes by the layer inside", async () => {
    const layer = kept(layers.timeDistributed({ layer: layers.dense({ units: 2 }) }));
    const steps = tensor([[true, false]]);
    const y = layer.apply(ones([1, 2, 3]), { mask: steps });
    expect(await maskOf(y)?.array()).toEqual([[true, false]]);
  });

  test.each([[[1, 3]], [[1]], [[1, 2, 4]]])("names a mask of shape %j", (shape) => {
    const layer = layers.timeDistributed({ layer: layers.lstm({ units: 2 }), name: "each" });
    const apply = () => kept(layer).apply(words(), { mask: ones(shape, "bool") });
    expect(apply).toThrow(`each: received a mask of shape [${shape}]. Expected [1,2]`);
  });
});
