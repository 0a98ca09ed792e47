import { describe, expect, test } from "vitest";
import { ArgumentError, FormatError, ShapeError } from "../../src/errors.ts";
import { layers } from "../../src/layers/index.ts";
import { input } from "../../src/layers/input.ts";
import type { RNN } from "../../src/layers/rnn.ts";
import type { CellResult } from "../../src/layers/rnn-cell.ts";
import {
  compile,
  concat,
  ones,
  setSeed,
  sum,
  type Tensor,
  tensor,
  variableGrads,
  zeros,
} from "../../src/tensor/index.ts";
import { loadLayersModel, sequential } from "../../src/train/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { wave } from "../helpers/golden.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { kept, sineData } from "../train/support.ts";
import { Decay, Dropping, LongShortTerm, Sums } from "./cells.ts";

const [B, T, I, H] = [2, 6, 3, 4];
const sequence = () => tensor(wave([B, T, I], 0.3), [B, T, I]);
const wavy = (shape: readonly number[], phase: number) => tensor(wave(shape, phase, 0.6), shape);

const masks = {
  "no mask": null,
  "padding on the right": ["111100", "110000"],
  "padding on the left": ["001111", "000011"],
  "gaps in the middle": ["101101", "110011"],
} as const;
const maskOf = (rows: readonly string[] | null) =>
  rows && tensor(rows.map((row) => [...row].map((one) => one === "1")));

describe("a cell with LSTM's equations is layers.lstm", () => {
  const cases = [
    { name: "no mask", goBackwards: false, returnSequences: false },
    ...Object.keys(masks).flatMap((name) =>
      [false, true].map((goBackwards) => ({ name, goBackwards, returnSequences: true })),
    ),
  ];

  test.each(cases)("%j", async ({ name, ...config }) => {
    const mask = maskOf(masks[name as keyof typeof masks]);
    // Before its first step lstm gives the state that it was given, Keras and rnn zeros: see below.
    const beginsMasked = `padding on the ${config.goBackwards ? "right" : "left"}`;
    const initialState = [wavy([B, H], 4.1), wavy([B, H], 5.3)];
    const kwargs = { mask, ...(name === beginsMasked ? {} : { initialState }) };
    const results = [
      kept(layers.lstm({ ...config, units: H, returnState: true })),
      kept(layers.rnn({ ...config, cell: new LongShortTerm({ units: H }), returnState: true })),
    ].map((layer) => {
      layer.build([B, T, I]);
      layer.setWeights(layer.weights.map(({ shape }, i) => wavy(shape, 0.9 + i)));
      let given: Tensor[] = [];
      const { grads } = variableGrads(() => {
        given = layer.apply(sequence(), kwargs);
        const weighted = given.map((one, i) => sum(one.mul(wavy(one.shape, 2.2 + i))));
        return weighted.reduce((a, b) => a.add(b));
      });
      return { given, gradients: layer.weights.map((weight) => grads[weight.name] as Tensor) };
    });
    const [fused, own] = results as [(typeof results)[0], (typeof results)[0]];
    expect(own.given.map(({ shape }) => shape)).toEqual(fused.given.map(({ shape }) => shape));
    for (const [i, one] of fused.given.entries()) {
      expectClose((await own.given[i]?.data()) ?? [], await one.data(), tolerances.samePrecision);
    }
    for (const [i, one] of fused.gradients.entries()) {
      const gradient = (await own.gradients[i]?.data()) ?? [];
      expectClose(gradient, await one.data(), tolerances.recurrentGradient);
    }
  });
});

// Expected values: h' = (h + x) / 2 by hand; the rule for masks is that of keras.layers.RNN.
describe("masked steps", () => {
  const run = async (config: object, row: string, more: object = {}) => {
    const wanted = { returnSequences: true, returnState: true } as const;
    const layer = kept(layers.rnn({ cell: new Decay(), ...wanted, ...config }));
    const x = tensor([[[8], [4], [2], [6]]]);
    const [output, state] = layer.apply(x, { mask: maskOf([row]), ...more });
    return { output: [...((await output?.data()) ?? [])], state: await state?.data() };
  };

  test.each([
    ["1111", {}, [4, 4, 3, 4.5], 4.5],
    ["1101", {}, [4, 4, 4, 5], 5],
    ["1100", {}, [4, 4, 4, 4], 4],
    ["0011", {}, [0, 0, 1, 3.5], 3.5],
    ["0000", {}, [0, 0, 0, 0], 0],
    ["1010", { zeroOutputForMask: true }, [4, 0, 3, 0], 3],
    ["1011", { goBackwards: true }, [3, 2.5, 2.5, 5.25], 5.25],
    ["1100", { returnSequences: false }, [4], 4],
    ["1100", { returnSequences: false, zeroOutputForMask: true }, [0], 4],
  ])("%s %j", async (row, config, output, state) => {
    expect(await run(config, row)).toEqual({ output, state: Float32Array.of(state) });
  });

  test("carry the first state too; the output before the first step is zero", async () => {
    const given = await run({}, "0111", { initialState: [[10]] });
    expect(given).toEqual({ output: [0, 7, 4.5, 5.25], state: Float32Array.of(5.25) });
  });

  test("travel on with the sequence", async () => {
    const layer = kept(layers.rnn({ cell: new Decay(), returnSequences: true, goBackwards: true }));
    const mask = maskOf(["0111"]);
    const passed = layer.computeMask(ones([1, 4, 1]), mask) as Tensor;
    expect(await passed.array()).toEqual([[true, true, true, false]]);
    expect(kept(layers.rnn({ cell: new Decay() })).computeMask(ones([1, 4, 1]), mask)).toBeNull();
  });
});

// Expected values: running sums of 1, 2, 3, … by hand; the second state begins with ones.
describe("states of several sizes, and an output of its own size", () => {
  const x = () => tensor([[[1, 2, 3]], [[4, 5, 6]]]); // [2, 1, 3]

  test("shapes, of symbols too", () => {
    const layer = kept(layers.rnn({ cell: new Sums(), returnSequences: true, returnState: true }));
    const shapes = [
      [null, null, 3],
      [null, 1],
      [null, 2],
    ];
    expect(layer.apply(input({ shape: [null, 3] })).map(({ shape }) => shape)).toEqual(shapes);
    expect(layer.computeOutputShape([null, null, 3])).toEqual(shapes);
    expect(layer.apply(ones([2, 5, 3])).map(({ shape }) => shape)).toEqual([
      [2, 5, 3],
      [2, 1],
      [2, 2],
    ]);
    expect(kept(layers.rnn({ cell: new Sums() })).computeOutputShape([7, 4, 3])).toEqual([7, 3]);
  });

  test("the cell's own beginning is learned", async () => {
    const layer = kept(layers.rnn({ cell: new Sums() }));
    let output = zeros([1]);
    const { grads } = variableGrads(() => {
      output = layer.apply(x());
      return sum(output.mul(tensor([1, 10, 100])));
    });
    expect(await output.array()).toEqual([
      [1, 3, 4],
      [4, 6, 7],
    ]);
    const [start] = layer.weights;
    expect(await grads[start?.name ?? ""]?.array()).toEqual([[20, 200]]);
  });

  test("stateful: batches go on, until resetStates brings the beginning back", async () => {
    const config = { stateful: true, batchInputShape: [2, 1, 3] } as const;
    const layer = kept(layers.rnn({ cell: new Sums(), ...config }));
    const step = compile((batch: Tensor) => layer.apply(batch));
    const next = async () => (await (step(x()) as Tensor).array()) as number[][];
    const sums = (n: number) => [
      [n, 2 * n + 1, 3 * n + 1],
      [4 * n, 5 * n + 1, 6 * n + 1],
    ];
    for (const n of [1, 2, 3]) expect(await next()).toEqual(sums(n));
    expect([...layer.statesByPath().keys()]).toEqual(["state_0", "state_1"]);
    layer.resetStates();
    expect(await next()).toEqual(sums(1));
    layer.resetStates([[[1], [2]], zeros([2, 2])]);
    expect(await next()).toEqual([
      [2, 2, 3],
      [6, 5, 6],
    ]);
    expect(() => layer.resetStates([zeros([2, 1])])).toThrow("received 1 states. Expected 2");
    expect(() => layer.apply(ones([3, 1, 3]))).toThrow("received a batch of 3");
    step.dispose();
  });

  test("an initial state goes before; inputs that follow the sequence are states", async () => {
    const layer = kept(layers.rnn({ cell: new Sums() }));
    const states = [zeros([2, 1]), zeros([2, 2])];
    expect(await layer.apply(x(), { initialState: states }).array()).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const listed = layer.apply([x(), ...states]);
    expect(await listed.array()).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
  });

  test("at every place of another axis, by timeDistributed", async () => {
    const rnn = layers.rnn({ cell: new Decay(), returnSequences: true });
    const layer = kept(layers.timeDistributed({ layer: rnn }));
    const result = layer.apply(
      tensor([
        [
          [[8], [4]],
          [[2], [6]],
        ],
      ]),
    ); // [1, 2, 2, 1]
    expect(await result.array()).toEqual([
      [
        [[4], [4]],
        [[1], [3.5]],
      ],
    ]);
  });
});

describe("a cell in training", () => {
  const model = () => {
    const cell = new LongShortTerm({ units: 5, name: "own" });
    const made = kept(
      sequential({
        layers: [
          layers.rnn({ cell, inputShape: [null, 1], name: "recurrence" }),
          layers.dense({ units: 1, name: "head" }),
        ],
      }),
    );
    made.compile({ optimizer: { kind: "adam", learningRate: 0.02 }, loss: "meanSquaredError" });
    return made;
  };

  test("learns; saved and loaded it gives the same bits, and its weights go by path", async () => {
    setSeed(3);
    const made = model();
    const { x, y } = sineData(16, 5);
    const { history } = await made.fit(x, y, { epochs: 15, batchSize: 8, verbose: 0 });
    const losses = history.loss as number[];
    expect(losses.at(-1)).toBeLessThan(0.3 * Number(losses[0]));
    const file = await made.save();
    const again = kept((await loadLayersModel(file)) as typeof made);
    const rnn = again.layers[0] as RNN;
    expect(rnn.cell).toBeInstanceOf(LongShortTerm);
    expect([...rnn.weightsByPath().keys()]).toEqual([
      "own/kernel",
      "own/recurrent_kernel",
      "own/bias",
    ]);
    expect(rnn.getConfig()).toEqual(made.layers[0]?.getConfig());
    expect(await again.predict(tensor(x)).data()).toEqual(await made.predict(tensor(x)).data());
  });

  test("of a class that nobody registered is named when the model is loaded", async () => {
    class Unknown extends Decay {
      static override readonly className = "CellOfNobody";
    }
    const made = kept(
      sequential({ layers: [layers.rnn({ cell: new Unknown(), inputShape: [3, 1] })] }),
    );
    const loading = loadLayersModel(await made.save());
    await expect(loading).rejects.toThrow(FormatError);
    await expect(loading).rejects.toThrow('cell: there is no class "CellOfNobody"');
  });

  test("frozen with its layer", () => {
    const layer = kept(
      layers.rnn({ cell: new LongShortTerm({ units: 2 }), trainable: false, inputDim: 3 }),
    );
    layer.build([null, null, 3]);
    layer.ensureBuilt([null, null, 3]);
    expect(layer.weights).toHaveLength(3);
    expect(layer.trainableWeights).toHaveLength(0);
  });

  test("brings the layers inside along; dropout draws anew each step and each run", async () => {
    const layer = kept(layers.rnn({ cell: new Dropping({ name: "cell" }), returnSequences: true }));
    const step = compile((x: Tensor) => layer.apply(x, { training: true }));
    const [batch, time] = [4, 3];
    const draw = async () => [...(await (step(ones([batch, time, 2])) as Tensor).data())];
    const [first, second] = [await draw(), await draw()];
    expect([...layer.weightsByPath().keys()]).toEqual(["cell/hidden/kernel", "cell/hidden/bias"]);
    expect(first).not.toEqual(second);
    // 2 a step, or what dropout makes of it: 0, or 2 / (0.5 · 0.75).
    const increments = (values: number[]) =>
      Array.from({ length: time }, (_, t) =>
        values.flatMap((value, at) => {
          const [row, column] = [Math.floor(at / (time * 8)), at % 8];
          if (Math.floor(at / 8) % time !== t) return [];
          const before = t === 0 ? 0 : Number(values[(row * time + t - 1) * 8 + column]);
          return [value - before];
        }),
      );
    const [a, b, c] = increments(first).map((one) => one.map((v) => Math.round(v * 3)));
    for (const one of [a, b, c]) expect(new Set(one)).toEqual(new Set([0, 16]));
    expect(a).not.toEqual(b);
    expect(b).not.toEqual(c);
    const plain = await layer.apply(ones([1, 2, 2])).array();
    expect(plain).toEqual([[new Array(8).fill(2), new Array(8).fill(4)]]);
    step.dispose();
  });
});

describe("says what does not fit", () => {
  /** A cell whose parts are replaced by `parts`. */
  const cellOf = (parts: {
    stateSize?: unknown;
    call?: (x: Tensor, states: Tensor[]) => unknown;
  }) => {
    class Odd extends layers.RNNCell {
      static override readonly className = "OddCell";
      get stateSize() {
        return ("stateSize" in parts ? parts.stateSize : 4) as number;
      }
      override call(x: Tensor, states: readonly Tensor[]) {
        return parts.call?.(x, [...states]) as CellResult;
      }
    }
    return new Odd({ name: "odd" });
  };

  test.each([undefined, null, "4", [], [4, undefined], 0, 1.5, [2, -1]])(
    "a cell whose stateSize is %j",
    (stateSize) => {
      const make = () => layers.rnn({ cell: cellOf({ stateSize }) });
      expect(make).toThrow(ArgumentError);
      expect(make).toThrow(/odd: .*stateSize/);
    },
  );

  const h = ones([B, 4]);
  test.each<[string, unknown, new (...args: never[]) => Error, string]>([
    ["nothing", undefined, ArgumentError, "odd: call gave undefined. Expected { output, states }"],
    ["a pair", [h, [h]], ArgumentError, "odd: call gave a list of 2"],
    ["a state alone", { output: h, states: h }, ArgumentError, "a list of tensors"],
    [
      "no state",
      { output: h, states: [] },
      ArgumentError,
      "odd: call: received 0 states. Expected 1",
    ],
    ["two states", { output: h, states: [h, h] }, ArgumentError, "received 2 states. Expected 1"],
    ["a wide state", { output: h, states: [ones([B, 5])] }, ShapeError, "[2,5]. Expected [2,4]"],
    [
      "a wide output",
      { output: ones([B, 5]), states: [h] },
      ShapeError,
      "an output of shape [2,5]",
    ],
  ])("a call that gives %s", (_what, given, kind, message) => {
    const layer = kept(layers.rnn({ cell: cellOf({ call: () => given }) }));
    expect(() => layer.apply(sequence())).toThrow(kind);
    expect(() => layer.apply(sequence())).toThrow(message);
  });

  test("states, inputs and batches", () => {
    const layer = kept(layers.rnn({ cell: new Sums(), name: "r" }));
    const apply = (initialState: Tensor[]) => () => layer.apply(sequence(), { initialState });
    expect(apply([ones([B, 1])])).toThrow(
      "r: received 1 states. Expected 2, of shape [2,1] and [2,2]",
    );
    expect(apply([ones([B, 1]), ones([B, 1])])).toThrow("r: received state 1 of shape [2,1]");
    expect(() => layer.apply(ones([B, I]))).toThrow("r: input has shape [2,3]. Expected 3 axes");
    expect(() => layer.apply(concat([sequence(), sequence()], 2))).toThrow("size 3 on axis -1");
    const stateful = kept(layers.rnn({ cell: new Sums(), stateful: true }));
    expect(() => stateful.build([null, T, I])).toThrow("stateful");
    const bad = new (class extends Decay {
      override getInitialState() {
        return [ones([7, 7])];
      }
    })();
    expect(() => kept(layers.rnn({ cell: bad })).apply(ones([2, 3, 1]))).toThrow(
      "getInitialState: received a state of shape [7,7]. Expected [2,1]",
    );
  });
});
