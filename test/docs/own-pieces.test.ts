import * as sl from "sluice";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectClose } from "../helpers/compare.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { kept, noise } from "../train/support.ts";
import { blocksOf, programOf, runProgram } from "./blocks.ts";

/** A piece as the tests call it: the types are in the page, and checked by pages.full.test.ts. */
interface Piece {
  new (config?: object): unknown;
}
type Pieces = Readonly<Record<string, Piece>>;

const PAGE = "own-pieces.md";
const blocks = blocksOf(PAGE);
let names: Readonly<Record<string, unknown>>;
let pieces: Pieces;
let net: sl.FunctionalModel;
let again: sl.Model<"one">;
let logs: unknown[][];

beforeAll(async () => {
  const { names: made, logs: said } = await runProgram(programOf(PAGE));
  names = made;
  pieces = names as Pieces;
  net = names.net as sl.FunctionalModel;
  again = names.again as sl.Model<"one">;
  logs = said;
});
afterAll(() => {
  net.dispose();
  again.dispose();
});

function make<T>(name: string, config?: object): T {
  const piece = pieces[name];
  if (piece === undefined) throw new Error(`The page has no ${name}.`);
  return new piece(config) as T;
}

function close(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  expectClose(actual, expected, tolerances.transcendental);
}

/** Layers end with the test. */
const makeLayer = (name: string, config: object) => kept(make<sl.Layer>(name, config));

describe("the pieces of the page", () => {
  const classes = blocks.filter(({ code }) => /class \w+ extends/.test(code));

  test.each(classes.map(({ heading, code }) => [heading, code]))(
    "%s: at most 15 lines",
    (heading, code = "") => {
      const lines = code.split("\n").filter((line) => line.trim() !== "");
      expect(lines.length).toBeGreaterThan(4);
      expect(lines.length).toBeLessThanOrEqual(15);
      expect(lines.filter((line) => line.length > 120)).toEqual([]);
      const isSaved = heading !== "A callback";
      expect(code.includes("static override readonly className")).toBe(isSaved);
      const isRegistered = isSaved && heading !== "What nobody registered";
      expect(code.includes("sl.serialization.registerClass(")).toBe(isRegistered);
    },
  );

  test("there is one of each kind", () => {
    expect(classes.map(({ code }) => /extends sl\.([\w.]+)/.exec(code)?.[1])).toEqual([
      "losses.Loss",
      "metrics.Metric",
      "layers.Layer",
      "layers.RNNCell",
      "initializers.Initializer",
      "regularizers.Regularizer",
      "constraints.Constraint",
      "train.CustomOptimizer",
      "train.Schedule",
      "callbacks.Callback",
      "layers.Layer",
    ]);
  });
});

// Expected values: the equations of the page by hand, or in float64.
describe("each does what it says", () => {
  const labels = sl.keep(
    sl.tensor([
      [1, 2],
      [0, 0],
    ]),
  );
  const predictions = sl.keep(
    sl.tensor([
      [0, 4],
      [1, 0],
    ]),
  );

  test("the loss", async () => {
    const costs = make<sl.losses.Loss>("Pinball", { quantile: 0.9 }).call(labels, predictions);
    // (0.9·1 + 0.1·2) / 2 and (0.1·1 + 0) / 2
    close(await costs.data(), [0.55, 0.05]);
  });

  test("the metric, with weights too, of samples and of steps", async () => {
    const metric = make<sl.metrics.Metric>("RelativeError");
    expect(metric.name).toBe("relativeError");
    const totals = metric.totals(labels, predictions, null);
    close(await totals.data(), [4, 3]);
    close(await metric.result(totals).data(), [4 / 3]);
    expect(metric.result(totals).shape).toEqual([]);
    const weighted = metric.totals(labels, predictions, sl.tensor([0.5, 3]));
    close(await weighted.data(), [1.5 + 3, 1.5]);
    const steps = [labels, predictions].map((one) => one.reshape([1, 2, 2]));
    const [a = labels, b = labels] = steps;
    close(await metric.totals(a, b, sl.tensor([[0.5, 3]])).data(), [4.5, 1.5]);
  });

  test("the layer", async () => {
    const layer = makeLayer("AttentionPooling", { sharpness: 2 });
    layer.ensureBuilt([null, 2, 1]);
    layer.setWeights([sl.tensor([[1]])]);
    // Scores 0 and ln 2: shares 1/3 and 2/3.
    const pooled = layer.apply(sl.tensor([[[0], [Math.log(2) / 2]]]));
    expect(pooled.shape).toEqual([1, 1]);
    close(await pooled.data(), [Math.log(2) / 3]);
  });

  test("the cell, with gradients through time", async () => {
    const [B, T, I, H] = [2, 5, 3, 4];
    const cell = make<sl.RNNCell>("MinimalGatedUnit", { units: H });
    const layer = kept(sl.layers.rnn({ cell }));
    const x = noise(B * T * I);
    const input = sl.tensor(x, [B, T, I]);
    const output = layer.apply(input);
    expect(output.shape).toEqual([B, H]);
    const kernel = await cell.weight("kernel").data();
    const at = (values: ArrayLike<number>, place: number) => values[place] ?? Number.NaN;
    const reference = (kernelAt: (i: number) => number): number[] => {
      const result: number[] = [];
      for (let b = 0; b < B; b++) {
        let h = new Array<number>(H).fill(0);
        for (let t = 0; t < T; t++) {
          const features = Array.from({ length: I }, (_, i) => at(x, (b * T + t) * I + i));
          const gate = (part: number, state: number[], u: number) =>
            [...features, ...state].reduce(
              (sum, value, row) => sum + value * kernelAt((part * (I + H) + row) * H + u),
              0,
            );
          const units = Array.from({ length: H }, (_, u) => u);
          const f = units.map((u) => 1 / (1 + Math.exp(-gate(0, h, u))));
          const reset = h.map((value, u) => value * at(f, u));
          const n = units.map((u) => Math.tanh(gate(1, reset, u)));
          h = h.map((value, u) => value + at(f, u) * (at(n, u) - value));
        }
        result.push(...h);
      }
      return result;
    };
    close(
      await output.data(),
      reference((i) => at(kernel, i)),
    );

    const { grads } = sl.variableGrads(() => layer.apply(input).sum());
    const gradient = await Object.values(grads)[0]?.data();
    for (const place of [0, 6, 17, 29, 55]) {
      const moved = (by: number) =>
        reference((i) => at(kernel, i) + (i === place ? by : 0)).reduce((a, b) => a + b, 0);
      const slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
      expect(at(gradient ?? [], place)).toBeCloseTo(slope, 4);
    }
  });

  test("the loop", async () => {
    const smoothed = names.smoothed as (x: sl.Tensor, a: sl.Tensor) => sl.Tensor;
    const found = smoothed(sl.tensor([[0, 1, 1, 1]]), sl.scalar(0.5));
    expect([...(await found.data())]).toEqual([0, 0.5, 0.75, 0.875]);
    expect(logs).toContainEqual([2.75]);
  });

  test("a block that is computed again needs less memory, as the page prints it", () => {
    const [kept = 0, computedAgain = 0] = logs[1] as number[];
    expect(computedAgain).toBeGreaterThan(0);
    expect(computedAgain).toBeLessThan(kept);
  });

  test("the initializer", () => {
    const values = make<sl.Initializer>("Sinusoids", { period: 8 }).values([3, 2]);
    const quarter = Math.SQRT1_2; // sin(2π/8)
    close(values, [0, 0, quarter, 1, 1, 0]);
  });

  test("the regularizer", async () => {
    const penalty = make<sl.regularizers.Regularizer>("Smooth", { factor: 0.01 });
    // 2² + 3² + 0² + 1²
    close(
      await penalty
        .apply(
          sl.tensor([
            [1, 2],
            [3, 5],
            [3, 4],
          ]),
        )
        .data(),
      [0.14],
    );
  });

  test("the constraint, after training too", async () => {
    const centered = make<sl.constraints.Constraint>("Centered");
    close(
      await centered
        .apply(
          sl.tensor([
            [1, 2],
            [3, 6],
          ]),
        )
        .data(),
      [-1, -2, 1, 2],
    );
    const [kernel] = net.weights;
    expect(kernel?.shape).toEqual([2, 4]);
    const sums = await kernel?.sum(0).data();
    for (const sum of sums ?? [1]) expect(sum).toBeCloseTo(0, 6);
  });

  test("the optimizer", async () => {
    const optimizer = kept(
      make<sl.train.Optimizer>("HeavyBall", { momentum: 0.9, learningRate: 0.1 }),
    );
    const w = kept(sl.variable([3]));
    // Gradients 6 and 4.8: velocities -0.6 and -0.54 - 0.48.
    optimizer.minimize(() => w.square().sum());
    close(await w.data(), [2.4]);
    optimizer.minimize(() => w.square().sum());
    close(await w.data(), [1.38]);
  });

  test("the schedule", () => {
    const schedule = make<sl.train.Schedule>("Triangle", { low: 0.1, high: 0.5, period: 4 });
    close([0, 1, 2, 3, 4].map(schedule), [0.1, 0.3, 0.5, 0.3, 0.1]);
  });

  test("the callback stops training, and remembers", async () => {
    const callback = make<sl.Callback & { last: number }>("StopWhenFlat", 0.001 as never);
    const flat = kept(sl.sequential({ layers: [sl.layers.dense({ units: 1, inputShape: [2] })] }));
    flat.compile({ optimizer: sl.train.sgd(0), loss: "meanSquaredError" });
    const { epoch } = await flat.fit(labels, labels.slice([0, 0], [-1, 1]), {
      epochs: 5,
      callbacks: callback,
      verbose: 0,
    });
    expect(epoch).toEqual([0, 1]);
    callback.setState?.({ last: 7 });
    expect(callback.getState?.()).toEqual({ last: 7 });
  });
});

describe("the model of the page", () => {
  test("is made of all the pieces, and comes back with them", () => {
    for (const one of [net, again]) {
      const config = JSON.stringify(one.getConfig());
      for (const name of [
        "AttentionPooling",
        "MinimalGatedUnit",
        "Sinusoids",
        "Smooth",
        "Centered",
      ]) {
        expect(config).toContain(`"className":"${name}"`);
      }
      expect(one.loss).toBeDefined();
      expect(one.optimizer.getConfig()).toMatchObject({
        momentum: 0.9,
        learningRate: { className: "Triangle", config: { low: 0.001, high: 0.01, period: 8 } },
      });
      expect(one.metricsNames).toEqual(["loss", "relativeError"]);
    }
    expect(again.getConfig()).toEqual(net.getConfig());
    expect(again.optimizer.getConfig()).toEqual(net.optimizer.getConfig());
  });

  test("learns, comes back from its file and goes on bit for bit, as the page says", () => {
    const [, , [losses] = [], ...comparisons] = logs;
    const [first = 0, ...later] = losses as number[];
    expect(later.at(-1)).toBeLessThan(first);
    expect(comparisons.slice(0, 2)).toEqual([[true], [true]]);
    expect(again.optimizer.iterations).toBe(net.optimizer.iterations);
    expect(again.optimizer.iterations).toBeGreaterThanOrEqual(2 * (later.length + 1 + 3));
  });
});

describe("what nobody registered", () => {
  test("is answered with the text of the page", () => {
    const text = blocks.find(({ language }) => language === "text")?.code.trim();
    expect(logs.at(-1)).toEqual([text]);
  });
});
