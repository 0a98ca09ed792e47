import { afterEach, describe, expect, test, vi } from "vitest";
import { ArgumentError, ShapeError } from "../../src/errors.ts";
import { layers } from "../../src/layers/index.ts";
import { type Tensor, tensor } from "../../src/tensor/index.ts";
import { callbacks, loadLayersModel, type Sequential, sequential } from "../../src/train/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { wave } from "../helpers/golden.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { kept, weightsOf } from "./support.ts";

// Two streams of five windows of four steps; a window of each stream is a batch.
const [B, W, N, I, H] = [2, 4, 5, 2, 3];
const [EPOCHS, RATE] = [3, 0.4];
const stream = wave([B, N * W, I], 0.3, 0.8);
const wanted = wave([B, N * W, H], 1.7, 0.5);

/** Windows in the order of training: the first of each stream, then the second of each, … */
function windowsOf(values: Float32Array, width: number): Tensor {
  const streams = tensor(values, [B, N, W, width]);
  return streams.transpose([1, 0, 2, 3]).reshape([N * B, W, width]);
}

const shapes = [[I, H], [H, H], [H]] as const;
const firstWeights = () => shapes.map((shape, i) => wave(shape, 0.9 + i, 0.6));

function statefulModel(config: object = {}): Sequential {
  const layer = layers.simpleRNN({
    ...{ units: H, returnSequences: true, stateful: true, batchInputShape: [B, W, I] },
    ...config,
  });
  const model = kept(sequential({ layers: [layer] }));
  model.compile({ optimizer: { kind: "sgd", learningRate: RATE }, loss: "meanSquaredError" });
  model.setWeights(firstWeights().map((values, i) => tensor(values, [...(shapes[i] ?? [])])));
  return model;
}

const at = (values: ArrayLike<number>, i: number): number => values[i] ?? Number.NaN;

interface WindowEnd {
  readonly loss: number;
  readonly states: number[];
}

/** One window in float64: mean squared error of tanh(x·kernel + h·recurrent_kernel + bias), from given states [B, H]. */
function window(weights: readonly (readonly number[])[], n: number, first: number[]): WindowEnd {
  const [kernel = [], recurrent = [], bias = []] = weights;
  let [loss, states] = [0, first];
  for (let t = n * W; t < (n + 1) * W; t++) {
    const before = states;
    states = before.map((_, place) => {
      const [b, unit] = [Math.floor(place / H), place % H];
      let sum = at(bias, unit);
      for (let i = 0; i < I; i++)
        sum += at(stream, (b * N * W + t) * I + i) * at(kernel, i * H + unit);
      for (let k = 0; k < H; k++) sum += at(before, b * H + k) * at(recurrent, k * H + unit);
      return Math.tanh(sum);
    });
    states.forEach((h, place) => {
      const [b, unit] = [Math.floor(place / H), place % H];
      loss += (h - at(wanted, (b * N * W + t) * H + unit)) ** 2 / (B * W * H);
    });
  }
  return { loss, states };
}

/**
 * Truncated back-propagation written out: each window's gradient is that of its own loss for states that are given
 * (central differences in float64), and the states that the window ended with go to the next.
 */
function explicitLoop({ resets }: { resets: boolean }): { weights: number[][]; losses: number[] } {
  const weights = firstWeights().map((values) => [...values]);
  const losses: number[] = [];
  let states = new Array<number>(B * H).fill(0);
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    if (resets) states = new Array<number>(B * H).fill(0);
    let total = 0;
    for (let n = 0; n < N; n++) {
      const end = window(weights, n, states);
      const gradients = weights.map((own, w) =>
        own.map((value, i) => {
          const moved = (by: number) => {
            const others = weights.map((one) => [...one]);
            (others[w] as number[])[i] = value + by;
            return window(others, n, states).loss;
          };
          return (moved(1e-5) - moved(-1e-5)) / 2e-5;
        }),
      );
      weights.forEach((own, w) => {
        own.forEach((value, i) => {
          own[i] = value - RATE * at(gradients[w] ?? [], i);
        });
      });
      states = end.states;
      total += end.loss / N;
    }
    losses.push(total);
  }
  return { weights, losses };
}

const data = () => [windowsOf(stream, I), windowsOf(wanted, H)] as const;
const settings = { epochs: EPOCHS, batchSize: B, shuffle: false, verbose: 0 } as const;

afterEach(() => {
  vi.restoreAllMocks();
});

describe("fit on windows of long streams, stateful", () => {
  test("hands states on and cuts gradients, as the loop written out", async () => {
    const model = statefulModel();
    const reset = callbacks.lambda({ onEpochBegin: () => model.resetStates() });
    const { history } = await model.fit(...data(), { ...settings, callbacks: reset });
    const { weights, losses } = explicitLoop({ resets: true });
    expectClose(history.loss as number[], losses, tolerances.recurrent);
    const trained = await weightsOf(model);
    for (const [i, own] of weights.entries())
      expectClose(trained[i] ?? [], own, tolerances.recurrentGradient);
    // Another loop has other weights: the comparison would see it.
    const other = explicitLoop({ resets: false }).weights.flat();
    const apart = other.map((one, i) => Math.abs(one - at(weights.flat(), i)));
    expect(Math.max(...apart)).toBeGreaterThan(1e-3);
  });

  test("without resetStates an epoch goes on from the one before", async () => {
    const model = statefulModel();
    await model.fit(...data(), settings);
    const { weights } = explicitLoop({ resets: false });
    const trained = await weightsOf(model);
    for (const [i, own] of weights.entries())
      expectClose(trained[i] ?? [], own, tolerances.recurrentGradient);
  });

  test("a callback of one's own resets by its model", async () => {
    class Reset extends callbacks.Callback {
      override onEpochBegin() {
        this.model?.resetStates();
      }
    }
    const [a, b] = [statefulModel(), statefulModel()];
    await a.fit(...data(), { ...settings, callbacks: new Reset() });
    const lambda = callbacks.lambda({ onEpochBegin: () => b.resetStates() });
    await b.fit(...data(), { ...settings, callbacks: lambda });
    expect(await weightsOf(a)).toEqual(await weightsOf(b));
  });

  test("goes on after saving and loading with the same bits, in the middle of the streams", async () => {
    const model = statefulModel();
    await model.fit(...data(), { ...settings, epochs: 1 });
    const again = kept((await loadLayersModel(await model.save())) as Sequential);
    for (const one of [model, again])
      await one.fit(...data(), { ...settings, epochs: 2, initialEpoch: 1 });
    expect(await weightsOf(again)).toEqual(await weightsOf(model));
  });

  test("says that shuffled windows do not follow one another, once", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const model = statefulModel();
    const { shuffle: _, ...shuffled } = settings;
    await model.fit(...data(), { ...shuffled, epochs: 1 });
    await model.fit(...data(), { ...shuffled, epochs: 1 });
    expect(warn.mock.calls.flat()).toEqual([
      expect.stringMatching(/^\w+\.fit: .*stateful.* shuffle: false/),
    ]);
    await statefulModel().fit(...data(), { ...settings, epochs: 1 });
    expect(warn).toHaveBeenCalledTimes(1);
  });

  test("names batches of another size, and layers without one", async () => {
    const model = statefulModel({ name: "streams" });
    const [x, y] = data();
    const fitting = model.fit(x, y, { ...settings, batchSize: 3 });
    await expect(fitting).rejects.toThrow(ShapeError);
    const open = { units: H, stateful: true, inputShape: [W, I], name: "open" };
    expect(() => sequential({ layers: [layers.gru(open)] })).toThrow(ArgumentError);
    expect(() => sequential({ layers: [layers.gru({ ...open })] })).toThrow(
      /open: a stateful layer received a batch of unknown size. Expected a fixed one/,
    );
  });
});
