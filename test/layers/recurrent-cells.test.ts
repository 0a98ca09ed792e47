import { describe, expect, test } from "vitest";
import { ArgumentError } from "../../src/errors.ts";
import { layers } from "../../src/layers/index.ts";
import { input } from "../../src/layers/input.ts";
import type { AnyLayer } from "../../src/layers/layer.ts";
import type { RNNCell } from "../../src/layers/rnn-cell.ts";
import {
  compile,
  concat,
  ones,
  sum,
  type Tensor,
  tensor,
  variable,
  variableGrads,
  zeros,
} from "../../src/tensor/index.ts";
import { loadLayersModel, model, sequential } from "../../src/train/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { wave } from "../helpers/golden.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { kept } from "../train/support.ts";
import { Decay } from "./cells.ts";

const [B, T, I, H] = [2, 5, 3, 4];
const sequence = () => tensor(wave([B, T, I], 0.3), [B, T, I]);
const wavy = (shape: readonly number[], phase: number) => tensor(wave(shape, phase, 0.6), shape);

/** Built for [B, T, I], with weights that differ in every place. */
function withWeights<L extends AnyLayer>(layer: L): L {
  layer.ensureBuilt([B, T, I]);
  layer.setWeights(layer.weights.map(({ shape }, i) => wavy(shape, 0.9 + i)));
  return kept(layer);
}

const same = async (actual: Tensor, expected: Tensor) => {
  expect(actual.shape).toEqual(expected.shape);
  expectClose(await actual.data(), await expected.data(), tolerances.samePrecision);
};

interface Pair {
  readonly name: string;
  readonly layer: (config: object) => AnyLayer;
  readonly cell: (config: object) => RNNCell;
  readonly states: number;
}

const pairs: readonly Pair[] = [
  {
    name: "simpleRNN",
    layer: (config) => layers.simpleRNN({ units: H, ...config }),
    cell: (config) => layers.simpleRNNCell({ units: H, ...config }),
    states: 1,
  },
  {
    name: "lstm",
    layer: (config) => layers.lstm({ units: H, ...config }),
    cell: (config) => layers.lstmCell({ units: H, ...config }),
    states: 2,
  },
  {
    name: "gru",
    layer: (config) => layers.gru({ units: H, ...config }),
    cell: (config) => layers.gruCell({ units: H, ...config }),
    states: 1,
  },
  {
    name: "gru, reset before",
    layer: (config) => layers.gru({ units: H, resetAfter: false, ...config }),
    cell: (config) => layers.gruCell({ units: H, resetAfter: false, ...config }),
    states: 1,
  },
];

describe.each(pairs)("rnn of the cell of $name", ({ layer, cell, states }) => {
  const shared = { returnSequences: true, returnState: true } as const;

  test.each([
    [{}, null],
    [{ useBias: false, goBackwards: true }, null],
    [{}, ["11110", "11000"]],
    [{ goBackwards: true, zeroOutputForMask: true }, ["01101", "10011"]],
  ] as const)(
    "gives what the layer gives, with all gradients: %j, mask %j",
    async (config, rows) => {
      const {
        goBackwards = false,
        zeroOutputForMask = false,
        ...step
      } = { ...config } as {
        goBackwards?: boolean;
        zeroOutputForMask?: boolean;
      };
      const outer = { ...shared, goBackwards, zeroOutputForMask };
      const mask = rows && tensor(rows.map((row) => [...row].map((one) => one === "1")));
      const results = [
        layer({ ...outer, ...step }),
        layers.rnn({ cell: cell(step), ...outer }),
      ].map((made) => {
        const own = withWeights(made);
        const x = kept(variable(sequence(), true, "x"));
        const initial = Array.from({ length: states }, (_, i) =>
          kept(variable(wavy([B, H], 4 + i), true, `state${i}`)),
        );
        let given: Tensor[] = [];
        const { grads } = variableGrads(() => {
          given = own.apply(x, { mask, initialState: initial }) as Tensor[];
          const parts = given.map((one, i) => sum(one.mul(wavy(one.shape, 2.2 + i))));
          return parts.reduce((a, b) => a.add(b));
        });
        const wanted = [...own.weights, x, ...initial].map(({ name }) => grads[name] as Tensor);
        return { given, wanted };
      });
      const [own, general] = results as [(typeof results)[0], (typeof results)[0]];
      expect(general.given).toHaveLength(1 + states);
      for (const [i, one] of own.given.entries()) await same(general.given[i] as Tensor, one);
      for (const [i, one] of own.wanted.entries()) {
        const gradient = (await general.wanted[i]?.data()) ?? [];
        expectClose(gradient, await one.data(), tolerances.recurrentGradient);
      }
    },
  );

  test("has the layer's weights, shapes and first values", async () => {
    const [a, b] = [layer({}), layers.rnn({ cell: cell({ name: "own" }) })].map(kept);
    for (const one of [a, b]) one?.ensureBuilt([B, T, I]);
    const paths = [...(a?.weightsByPath().entries() ?? [])];
    expect([...(b?.weightsByPath().entries() ?? [])].map(([path, { shape }]) => [path, shape]))
      // Keras's names, under that of the cell.
      .toEqual(paths.map(([path, { shape }]) => [`own/${path}`, shape]));
    // Only LSTM's forget gate begins with ones.
    const biases = [a, b].map(async (one) => [...((await one?.weights[2]?.data()) ?? [])]);
    expect(await biases[0]).toEqual(await biases[1]);
  });

  test.each([
    { dropout: 0.4 },
    { dropout: 0.4, implementation: 1 },
    { recurrentDropout: 0.4 },
    { dropout: 0.3, recurrentDropout: 0.4 },
  ])("drops what the layer drops from one seed: %j", async (dropout) => {
    const step = { ...dropout, seed: 7 };
    const plain = withWeights(layer({ returnSequences: true }));
    const a = withWeights(layer({ ...step, returnSequences: true }));
    const b = withWeights(layers.rnn({ cell: cell(step), returnSequences: true }));
    const x = sequence();
    const dropped = a.apply(x, { training: true }) as Tensor;
    await same(b.apply(x, { training: true }) as Tensor, dropped);
    expect(await dropped.data()).not.toEqual(await (plain.apply(x) as Tensor).data());
    await same(b.apply(x) as Tensor, plain.apply(x) as Tensor);
  });
});

// Expected values: by hand, from weights of ones and zeros.
describe("dropout of a cell", () => {
  const config = { units: 6, activation: "linear", useBias: false, seed: 3 } as const;
  const steps = async (layer: AnyLayer, time = 4) => {
    const run = compile((x: Tensor) => layer.apply(x, { training: true }) as Tensor);
    kept(run);
    const draw = async () => (await run(ones([1, time, 8])).array()) as number[][][];
    return [await draw(), await draw()] as const;
  };

  test("hides the same inputs at every step of a sequence, others in the next", async () => {
    const cell = layers.simpleRNNCell({ ...config, dropout: 0.5, recurrentInitializer: "zeros" });
    const layer = kept(layers.rnn({ cell, returnSequences: true }));
    layer.ensureBuilt([1, 4, 8]);
    // Input i counts 2^i: the sum, halved, tells which inputs were seen.
    const powers = Array.from({ length: 8 }, (_, i) => new Array<number>(6).fill(2 ** i));
    layer.setWeights([tensor(powers), zeros([6, 6])]);
    const [[first = []], [second = []]] = await steps(layer);
    const seen = [first, second].map((rows) => {
      expect(new Set(rows.flat()).size).toBe(1); // at all steps, for all units
      return Number(rows[0]?.[0]) / 2;
    });
    for (const one of seen) expect(Number.isInteger(one) && one >= 0 && one < 256).toBe(true);
    expect(seen[0]).not.toBe(seen[1]);
  });

  test("implementation 1 hides other inputs from each gate", async () => {
    const gated = { units: 1, dropout: 0.5, useBias: false, seed: 6, implementation: 1 } as const;
    const cell = layers.gruCell({ ...gated, recurrentInitializer: "zeros" });
    const layer = kept(layers.rnn({ cell }));
    layer.ensureBuilt([64, 1, 1]);
    layer.setWeights([tensor([[1, 1, 1]]), zeros([1, 3])]);
    const y = (await layer.apply(ones([64, 1, 1]), { training: true }).data()) as Float32Array;
    // h = (1 - σ(z))·tanh(n), the input seen as 0 or 2 by z and by n: four cases; from one choice, two.
    expect(new Set([...y].map((one) => one.toFixed(4)))).toEqual(
      new Set(["0.0000", "0.4820", "0.1149"]),
    );
  });

  test("goes with its rows where lengths put them into another order", async () => {
    const [rows, time] = [12, 4]; // more rows than the kernels compute together
    const lengths = Array.from({ length: rows }, (_, row) => 1 + ((row * 3) % time));
    const x = tensor(wave([rows, time, I], 0.3), [rows, time, I]);
    const mask = tensor(
      lengths.map((length) => Array.from({ length: time }, (_, t) => t < length)),
    );
    for (const implementation of [1, 2]) {
      const results = [{ sequenceLengths: lengths }, { mask }].map((options) => {
        const layer = layers.gru({ units: H, dropout: 0.5, implementation, seed: 4 });
        return withWeights(layer).apply(x, { training: true, ...options });
      });
      await same(results[0] as Tensor, results[1] as Tensor);
    }
  });

  test("hides the same states at every step of a sequence", async () => {
    const cell = layers.simpleRNNCell({
      ...{ ...config, recurrentDropout: 0.5 },
      ...{ kernelInitializer: "ones", recurrentInitializer: "identity" },
    });
    const layer = kept(layers.rnn({ cell, returnSequences: true }));
    const [[first = []], [second = []]] = await steps(layer, 3);
    // h = 8 + 2·h where the unit is seen, 8 where it is hidden: 8, 24, 56 or always 8.
    const columns = (rows: number[][]) => (rows[0] ?? []).map((_, u) => rows.map((row) => row[u]));
    const patterns = new Set([...columns(first), ...columns(second)].map(String));
    expect(patterns).toEqual(new Set(["8,24,56", "8,8,8"]));
    expect(columns(first)).not.toEqual(columns(second));
  });

  test("of stacked cells too, and anew at each call outside of a sequence", async () => {
    const cell = layers.simpleRNNCell({
      ...{ ...config, dropout: 0.5 },
      ...{ kernelInitializer: "ones", recurrentInitializer: "zeros" },
    });
    const echo = layers.simpleRNNCell({
      ...{ units: 6, activation: "linear", useBias: false },
      ...{ kernelInitializer: "identity", recurrentInitializer: "zeros" },
    } as const);
    const layer = kept(layers.rnn({ cell: [cell, echo], returnSequences: true }));
    const [[first = []]] = await steps(layer);
    for (const row of first) expect(row).toEqual(first[0]);
    const calls = Array.from(
      { length: 6 },
      () => cell.call(ones([1, 8]), [zeros([1, 6])], { training: true }).output,
    );
    const values = (await concat(calls, 0).array()) as number[][];
    expect(new Set(values.map(([one]) => one)).size).toBeGreaterThan(1);
  });
});

describe("stacked cells", () => {
  const shared = { returnSequences: true, returnState: true } as const;

  test("are layers one after the other; the states stand cell by cell", async () => {
    const cells = () => [layers.lstmCell({ units: H }), layers.gruCell({ units: 2 })];
    const stacked = withWeights(layers.rnn({ cell: cells(), ...shared }));
    const lower = kept(layers.lstm({ units: H, ...shared }));
    const upper = kept(layers.gru({ units: 2, ...shared }));
    lower.ensureBuilt([B, T, I]);
    upper.ensureBuilt([B, T, H]);
    const weights = stacked.getWeights();
    lower.setWeights(weights.slice(0, 3));
    upper.setWeights(weights.slice(3));
    const initial = [wavy([B, H], 4), wavy([B, H], 5), wavy([B, 2], 6)] as const;
    const [h0, c0, g0] = initial;
    const mask = tensor([
      [true, true, false, true, true],
      [true, true, true, false, false],
    ]);
    const [y1, h, c] = lower.apply(sequence(), { mask, initialState: [h0, c0] }) as Tensor[];
    const [y2, g] = upper.apply(y1 as Tensor, { mask, initialState: g0 }) as Tensor[];
    const expected = [y2, h, c, g] as Tensor[];
    const flat = stacked.apply(sequence(), { mask, initialState: [...initial] });
    expect(flat).toHaveLength(4);
    for (const [i, one] of expected.entries()) await same(flat[i] as Tensor, one);
    // As Keras nests them.
    const nested = stacked.apply(sequence(), { mask, initialState: [[h0, c0], [g0]] });
    for (const [i, one] of expected.entries()) await same(nested[i] as Tensor, one);
  });

  test("in a functional model, states given as Keras nests them; saved and loaded", async () => {
    const cell = layers.stackedRNNCells({
      cells: [layers.lstmCell({ units: 2, name: "a" }), layers.gruCell({ units: 3, name: "b" })],
      name: "both",
    });
    const layer = layers.rnn({ cell, name: "stack" });
    const x = input({ shape: [null, I] });
    const [h, c, g] = [input({ shape: [2] }), input({ shape: [2] }), input({ shape: [3] })];
    const y = layer.apply(x, { initialState: [[h, c], [g]] });
    const made = kept(model({ inputs: [x, h, c, g], outputs: y }));
    expect([...made.weightsByPath().keys()].slice(0, 4)).toEqual([
      "stack/both/a/kernel",
      "stack/both/a/recurrent_kernel",
      "stack/both/a/bias",
      "stack/both/b/kernel",
    ]);
    const data = [sequence(), wavy([B, 2], 1), wavy([B, 2], 2), wavy([B, 3], 3)];
    const again = kept(await loadLayersModel(await made.save()));
    const expected = await made.predict(data).data();
    expect(await (again.predict(data) as Tensor).data()).toEqual(expected);
    const without = layer.apply(sequence());
    expect(await without.data()).not.toEqual(expected);
  });

  test("stateful: go on from batch to batch, states of all cells", async () => {
    const cells = () => [layers.lstmCell({ units: H }), layers.simpleRNNCell({ units: 2 })];
    const whole = withWeights(layers.rnn({ cell: cells(), returnSequences: true }));
    const parts = withWeights(layers.rnn({ cell: cells(), returnSequences: true, stateful: true }));
    expect([...parts.statesByPath().values()].map(({ shape }) => shape)).toEqual([
      [B, H],
      [B, H],
      [B, 2],
    ]);
    const x = sequence();
    const one = parts.apply(x.slice([0, 0, 0], [B, 2, I])) as Tensor;
    const two = parts.apply(x.slice([0, 2, 0], [B, 3, I])) as Tensor;
    await same(concat([one, two], 1), whole.apply(x) as Tensor);
  });

  test("cells of the library inside a cell of one's own keep one mask a sequence", async () => {
    class Residual extends layers.RNNCell {
      static override readonly className = "ResidualOfATest";
      readonly inner = layers.simpleRNNCell({
        ...{ units: 1, activation: "linear", useBias: false, recurrentDropout: 0.5, seed: 2 },
        ...{ kernelInitializer: "ones", recurrentInitializer: "ones" },
      } as const);
      get stateSize() {
        return 1;
      }
      override build(shape: readonly (number | null)[]) {
        this.inner.ensureBuilt(shape);
      }
      override call(x: Tensor, states: readonly Tensor[], options: { training: boolean }) {
        return this.inner.call(x, states, options);
      }
    }
    const layer = kept(layers.rnn({ cell: new Residual(), returnSequences: true }));
    const y = layer.apply(ones([16, 3, 1]), { training: true });
    const rows = ((await y.array()) as number[][][]).map((row) => String(row.flat()));
    expect(new Set(rows)).toEqual(new Set(["1,3,7", "1,1,1"]));
  });

  test("say what does not fit", () => {
    const stack = (cells: unknown) => () => layers.stackedRNNCells({ cells } as never);
    expect(stack([])).toThrow(ArgumentError);
    expect(stack([])).toThrow("as cells. Expected a list with at least one cell");
    expect(stack(layers.gruCell({ units: 2 }))).toThrow("Expected a list");
    expect(stack([layers.gru({ units: 2 })])).toThrow("Expected a cell");
    const cell = layers.gruCell({ units: 2, name: "twin" });
    expect(stack([cell, cell])).toThrow('received two cells called "twin"');
    expect(() => layers.rnn({ cell: [] })).toThrow("at least one cell");
    const layer = kept(layers.rnn({ cell: [layers.lstmCell({ units: 2 }), new Decay()] }));
    const initialState = [[ones([B, 2]), ones([B, 2])]];
    expect(() => layer.apply(sequence(), { initialState })).toThrow(
      "received 2 states. Expected 3, of shape [2,2] and [2,2] and [2,1]",
    );
    expect(() => layers.lstmCell({ units: 2, returnSequences: true } as never)).toThrow(
      "layers.lstmCell: there is no option returnSequences",
    );
  });
});

test("a model of cells learns, and comes back from its file bit for bit", async () => {
  const made = kept(
    sequential({
      layers: [
        layers.rnn({
          cell: [layers.gruCell({ units: 6 }), layers.lstmCell({ units: 4, projSize: 3 })],
          inputShape: [T, I],
        }),
        layers.dense({ units: 1 }),
      ],
    }),
  );
  made.compile({ optimizer: { kind: "adam", learningRate: 0.05 }, loss: "meanSquaredError" });
  const [x, y] = [sequence(), tensor([[0.5], [-0.5]])];
  const { history } = await made.fit(x, y, { epochs: 30, verbose: 0 });
  expect(history.loss?.at(-1)).toBeLessThan(0.1 * Number(history.loss?.[0]));
  const again = kept(await loadLayersModel(await made.save()));
  expect(await (again.predict(x) as Tensor).data()).toEqual(await made.predict(x).data());
});
