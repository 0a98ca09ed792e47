import { describe, expect, test } from "vitest";
import { ArgumentError, DisposedError, ShapeError } from "../../../src/errors.ts";
import { layers } from "../../../src/layers/index.ts";
import type { SymbolicTensor } from "../../../src/layers/symbolic.ts";
import { counters, memory, type Tensor, tensor, zeros } from "../../../src/tensor/index.ts";
import {
  type ForecastConfig,
  forecast,
  input,
  type Model,
  model,
  sequential,
} from "../../../src/train/index.ts";
import { expectClose } from "../../helpers/compare.ts";
import { wave } from "../../helpers/golden.ts";
import { tolerances } from "../../helpers/tolerances.ts";
import { kept } from "../support.ts";

const [B, T, STEPS] = [2, 6, 5];
const { dense, gru, lstm, timeDistributed } = layers;

/** Weights that differ in every place, so that no two features or units are alike. */
function withWeights<M extends Model>(made: M, scale = 0.5): M {
  made.setWeights(made.weights.map(({ shape }, i) => tensor(wave(shape, 0.4 + i, scale), shape)));
  return kept(made);
}

const history = (features: number, time = T) =>
  tensor(wave([B, time, features], 0.3), [B, time, features]);

interface Naive {
  /** Most steps that the model is shown; default: all. */
  readonly window?: number;
  /** [B, STEPS, E] */
  readonly exogenous?: Tensor;
  readonly steps?: number;
}

/** The same by `predict` on ever longer data (or on the last `window` steps), step by step over the host. */
async function naive(made: Model, seen: Tensor, options: Naive = {}): Promise<number[][][]> {
  const { window, exogenous, steps = STEPS } = options;
  let rows = (await seen.array()) as number[][][];
  const later = (await exogenous?.array()) as number[][][] | undefined;
  const results: number[][][] = rows.map(() => []);
  for (let s = 0; s < steps; s++) {
    const shown = rows.map((row) => (window === undefined ? row : row.slice(-window)));
    const given = await (made.predict(tensor(shown)) as Tensor).array();
    const next = (given as (number[] | number[][])[]).map((one) =>
      Array.isArray(one[0]) ? ((one as number[][]).at(-1) ?? []) : (one as number[]),
    );
    next.forEach((values, b) => {
      results[b]?.push(values);
    });
    rows = rows.map((row, b) => [...row, [...(next[b] ?? []), ...(later?.[b]?.[s] ?? [])]]);
  }
  return results;
}

async function expectSame(actual: Tensor, expected: number[][][]): Promise<void> {
  expect(actual.shape).toEqual([expected.length, expected[0]?.length, expected[0]?.[0]?.length]);
  expectClose(await actual.data(), expected.flat(2), tolerances.samePrecision);
}

// Expected values: what `predict` gives for the whole history and all forecasts so far.
describe("a recurrent model", () => {
  const models: Readonly<Record<string, () => Model>> = {
    "that gives the next step": () =>
      sequential({ layers: [gru({ units: 4, inputShape: [null, 2] }), dense({ units: 2 })] }),
    "that gives every step": () =>
      sequential({
        layers: [
          lstm({ units: 4, inputShape: [null, 2], returnSequences: true }),
          timeDistributed({ layer: dense({ units: 2 }) }),
        ],
      }),
    "of stacked layers": () =>
      sequential({
        layers: [
          layers.stackedRNN({
            layer: lstm({ units: 3 }),
            numLayers: 2,
            dropout: 0.5,
            inputShape: [null, 2],
          }),
          dense({ units: 2 }),
        ],
      }),
    "of stacked cells": () =>
      sequential({
        layers: [
          layers.rnn({
            cell: [layers.lstmCell({ units: 3 }), layers.gruCell({ units: 2 })],
            inputShape: [null, 2],
          }),
          dense({ units: 2 }),
        ],
      }),
    "with a model inside": () =>
      sequential({
        layers: [
          sequential({
            layers: [layers.simpleRNN({ units: 4, inputShape: [null, 2], returnSequences: true })],
          }),
          layers.layerNormalization(),
          layers.rmsNormalization(),
          gru({ units: 3 }),
          dense({ units: 2 }),
        ],
      }),
    "of branches": () => {
      const x = input({ shape: [null, 2] });
      const both = [gru({ units: 3 }).apply(x), lstm({ units: 2 }).apply(x)];
      return model({
        inputs: x,
        outputs: dense({ units: 2 }).apply(layers.concatenate().apply(both)),
      });
    },
  };

  test.each(Object.entries(models))("%s carries its states", async (_name, make) => {
    const made = withWeights(make());
    await expectSame(forecast(made, history(2), STEPS), await naive(made, history(2)));
  });

  test("one series without a batch", async () => {
    const made = withWeights(models["that gives the next step"]?.() as Model);
    const series = history(2).slice([1, 0, 0], [1, T, 2]);
    const expected = await naive(made, series);
    const given = forecast(made, ((await series.array()) as number[][][])[0] as number[][], STEPS);
    expect(given.shape).toEqual([STEPS, 2]);
    expectClose(await given.data(), expected.flat(2), tolerances.samePrecision);
  });

  test("goes on from an initial state, as when it has just read what came before", async () => {
    const layer = lstm({ units: 4, returnState: true });
    const x = input({ shape: [null, 2] });
    const [output, h, c] = layer.apply(x) as SymbolicTensor[];
    if (!output || !h || !c) throw new Error("an LSTM gives its output and two states");
    const made = withWeights(model({ inputs: x, outputs: dense({ units: 2 }).apply(output) }));
    const states = model({ inputs: x, outputs: [h, c] });
    const [first, rest] = [
      history(2).slice([0, 0, 0], [B, 4, 2]),
      history(2).slice([0, 4, 0], [B, 2, 2]),
    ];
    const initialState = states.predict(first) as Tensor[];
    const given = forecast(made, rest, STEPS, { initialState });
    await expectSame(given, await naive(made, history(2)));
  });

  test("leaves the states of stateful layers alone", async () => {
    const config = { units: 4, batchInputShape: [B, null, 2], stateful: true } as const;
    const make = () => withWeights(sequential({ layers: [gru(config), dense({ units: 2 })] }));
    const [used, fresh] = [make(), make()];
    const [a, b] = [used, fresh].map((one) => one.predict(history(2)));
    await forecast(used, history(2), STEPS).data();
    expect(await a?.data()).toEqual(await b?.data());
    const plain = withWeights(
      sequential({ layers: [gru({ units: 4, inputShape: [null, 2] }), dense({ units: 2 })] }),
    );
    await expectSame(forecast(used, history(2), STEPS), await naive(plain, history(2)));
    const later = history(2).reverse(1);
    expect(await used.predict(later).data()).toEqual(await fresh.predict(later).data());
  });
});

describe("known features", () => {
  test("follow the forecast ones in each next input", async () => {
    const made = withWeights(
      sequential({ layers: [gru({ units: 4, inputShape: [null, 5] }), dense({ units: 2 })] }),
    );
    const exogenous = tensor(wave([B, STEPS, 3], 2.1), [B, STEPS, 3]);
    const expected = await naive(made, history(5), { exogenous });
    await expectSame(forecast(made, history(5), STEPS, { exogenous }), expected);
    // The last row is of no use.
    const fewer = exogenous.slice([0, 0, 0], [B, STEPS - 1, 3]);
    await expectSame(forecast(made, history(5), STEPS, { exogenous: fewer }), expected);
    const single = (await history(5).array()) as number[][][];
    const known = (await exogenous.array()) as number[][][];
    const one = forecast(made, single[1] as number[][], STEPS, {
      exogenous: known[1] as number[][],
    });
    expectClose(await one.data(), expected[1]?.flat() ?? [], tolerances.samePrecision);
  });

  test("in a window too", async () => {
    const made = withWeights(
      sequential({ layers: [layers.flatten({ inputShape: [3, 3] }), dense({ units: 1 })] }),
    );
    const exogenous = tensor(wave([B, STEPS, 2], 2.1), [B, STEPS, 2]);
    const expected = await naive(made, history(3), { exogenous, window: 3 });
    await expectSame(forecast(made, history(3), STEPS, { exogenous }), expected);
  });
});

// Expected values: what `predict` gives for the last steps of history and forecasts.
describe("a window", () => {
  test.each([
    ["of a model without recurrence", () => [layers.flatten({ inputShape: [4, 2] })], 4, {}],
    [
      "of a model that reads both ways",
      () => [layers.bidirectional({ layer: gru({ units: 2 }), inputShape: [4, 2] })],
      4,
      {},
    ],
    ["that was asked for", () => [lstm({ units: 3, inputShape: [null, 2] })], 3, { window: 3 }],
  ])("%s slides on", async (_name, make, window, config) => {
    const made = withWeights(sequential({ layers: [...make(), dense({ units: 2 })] }));
    const expected = await naive(made, history(2), { window });
    await expectSame(forecast(made, history(2), STEPS, config), expected);
  });

  test("as long as the history where the model does not say", async () => {
    const made = withWeights(
      sequential({
        layers: [
          layers.bidirectional({ layer: gru({ units: 2 }), inputShape: [null, 2] }),
          dense({ units: 2 }),
        ],
      }),
    );
    await expectSame(
      forecast(made, history(2), STEPS),
      await naive(made, history(2), { window: T }),
    );
  });
});

describe("cost", () => {
  const made = () =>
    withWeights(
      sequential({ layers: [gru({ units: 4, inputShape: [null, 1] }), dense({ units: 1 })] }),
    );

  test("40 steps: one readback, one submission a step, and nothing new the second time", async () => {
    const net = made();
    const steps = 40;
    await forecast(net, history(1), steps).data();
    const before = counters();
    const heldBefore = memory();
    await forecast(net, history(1), steps).data();
    const after = counters();
    expect(after.readbacks - before.readbacks).toBe(1);
    // 40 steps; 16 parts are joined at once: 3 joins, and one of what they give.
    expect(after.submits - before.submits).toBeLessThanOrEqual(steps + 4 + 1);
    expect(after.buffersCreated - before.buffersCreated).toBe(0);
    expect(after.plansCreated - before.plansCreated).toBe(0);
    expect(after.pipelinesCreated - before.pipelinesCreated).toBe(0);
    const held = memory();
    expect(held.numTensors).toBe(heldBefore.numTensors);
    expect(held.numBytes).toBe(heldBefore.numBytes);
  });

  test("a longer forecast compiles nothing more a step", async () => {
    const net = made();
    await forecast(net, history(1), 3).data();
    const { plansCreated } = counters();
    await forecast(net, history(1), 16).data();
    // One join of 16, one reading; another test may have made them.
    expect(counters().plansCreated - plansCreated).toBeLessThanOrEqual(2);
  });
});

describe("what does not fit is named", () => {
  const recurrent = () =>
    kept(
      sequential({
        name: "net",
        layers: [gru({ units: 2, inputShape: [null, 2] }), dense({ units: 2 })],
      }),
    );
  const call =
    (given: { seen?: Tensor; steps?: number; config?: ForecastConfig; made?: Model }) => () =>
      forecast(given.made ?? recurrent(), given.seen ?? history(2), given.steps ?? 3, given.config);

  test.each([0, 1.5, -1, Number.NaN])("steps %j", (steps) => {
    expect(call({ steps })).toThrow(ArgumentError);
    expect(call({ steps })).toThrow(`steps is ${steps}. Expected a whole number from 1 up`);
  });

  test("history", () => {
    expect(call({ seen: zeros([4]) })).toThrow(ShapeError);
    expect(call({ seen: zeros([4]) })).toThrow("received a history of shape [4]. Expected [batch");
    expect(call({ seen: zeros([1, 4, 2, 1]) })).toThrow("of shape [1,4,2,1]");
    expect(call({ seen: zeros([1, 4, 3]) })).toThrow(ShapeError);
  });

  test("outputs that are no inputs", () => {
    const made = kept(
      sequential({ name: "net", layers: [gru({ units: 3, inputShape: [null, 2] })] }),
    );
    expect(call({ made })).toThrow(ShapeError);
    expect(call({ made })).toThrow("net gives 3 features, and the history has 2");
    const exogenous = zeros([B, 3, 1]);
    expect(call({ config: { exogenous } })).toThrow(
      "net gives 2 features beside 1 exogenous ones, and the history has 2",
    );
  });

  test("known features", () => {
    const of = (shape: number[]) => call({ config: { exogenous: zeros(shape) } });
    for (const shape of [
      [B, 7, 1],
      [1, 3, 1],
      [3, 1],
    ]) {
      expect(of(shape)).toThrow(ShapeError);
      expect(of(shape)).toThrow(
        `features of shape [${shape}]. Expected [2, 3, E], or one step less`,
      );
    }
  });

  test("windows", () => {
    expect(call({ config: { window: 0 } })).toThrow("window is 0");
    expect(call({ config: { window: T + 1 } })).toThrow(
      `received a history of ${T} steps. Expected at least ${T + 1}, which net sees at a time`,
    );
    const initialState = zeros([B, 2]);
    expect(call({ config: { window: 2, initialState } })).toThrow(ArgumentError);
    expect(call({ config: { window: 2, initialState } })).toThrow("sees a window at a time");
  });

  test("states", () => {
    const of = (...initialState: Tensor[]) => call({ config: { initialState } });
    expect(of(zeros([B, 3]))).toThrow(ShapeError);
    expect(of(zeros([B, 3]))).toThrow("received a state of shape [2,3]. Expected [2,2]");
    expect(of(zeros([B, 2]), zeros([B, 2]))).toThrow(ArgumentError);
    expect(of(zeros([B, 2]), zeros([B, 2]))).toThrow("received 2 states for a model that has 1");
  });

  test("models", () => {
    expect(() => forecast(gru({ units: 1 }) as never, history(1), 2)).toThrow("Expected a model");
    const [a, b] = [input({ shape: [null, 2] }), input({ shape: [null, 2] })];
    const two = kept(model({ inputs: [a, b], outputs: layers.add().apply([a, b]) }));
    expect(call({ made: two })).toThrow("has 2 inputs. Expected one");
    const gone = recurrent();
    gone.dispose();
    expect(call({ made: gone })).toThrow(DisposedError);
    expect(call({ config: { horizon: 3 } as never })).toThrow("there is no option horizon");
  });
});
