import { afterEach } from "vitest";
import { layers } from "../../src/layers/index.ts";
import type { Tensor, Variable } from "../../src/tensor/index.ts";
import { type Sequential, sequential } from "../../src/train/index.ts";

const { dense, lstm, masking } = layers;

const owned: { dispose(): unknown }[] = [];

afterEach(() => {
  for (const one of owned.splice(0)) one.dispose();
});

/** Disposes `one` when the test is over. */
export function kept<T extends { dispose(): unknown }>(one: T): T {
  owned.push(one);
  return one;
}

/** Numbers in [-1, 1) that are the same in every run. */
export function noise(count: number, seed = 1): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** Samples of y = 2·x₀ - x₁ + 0.5: what one dense layer can learn exactly. x [rows, 2], y [rows, 1]. */
export function linearData(rows: number): { x: number[][]; y: number[][] } {
  const values = noise(rows * 2);
  const x = Array.from({ length: rows }, (_, i) => [values[2 * i] ?? 0, values[2 * i + 1] ?? 0]);
  const y = x.map(([a = 0, b = 0]) => [2 * a - b + 0.5]);
  return { x, y };
}

/** One dense layer on two features, weights zero, plain gradient descent. */
export function linearModel(learningRate = 0.1): Sequential {
  const model = kept(
    sequential({ layers: [dense({ units: 1, inputShape: [2], kernelInitializer: "zeros" })] }),
  );
  model.compile({ optimizer: { kind: "sgd", learningRate }, loss: "meanSquaredError" });
  return model;
}

/** Sines to forecast one step ahead. x [rows, time, 1], y [rows, 1]. */
export function sineData(rows: number, time: number): { x: number[][][]; y: number[][] } {
  const at = (b: number, t: number): number => Math.sin(0.4 * t + 0.7 * b);
  const x = Array.from({ length: rows }, (_, b) =>
    Array.from({ length: time }, (_, t) => [at(b, t)]),
  );
  return { x, y: x.map((_, b) => [at(b, time)]) };
}

/** A small LSTM with a dense layer behind it, compiled with Adam. */
export function lstmModel(options: { units?: number; time?: number | null } = {}): Sequential {
  const { units = 8, time = null } = options;
  const model = kept(
    sequential({ layers: [lstm({ units, inputShape: [time, 1] }), dense({ units: 1 })] }),
  );
  model.compile({ optimizer: { kind: "adam", learningRate: 0.01 }, loss: "meanSquaredError" });
  return model;
}

/** The weights as plain arrays. */
export async function weightsOf(model: { weights: Variable[] }): Promise<number[][]> {
  return Promise.all(model.weights.map(async (weight) => [...(await weight.data())]));
}

/** A model that gives its input as it is, with a mask where a step is all -1. */
export function echo(shape: number[], config: Parameters<Sequential["compile"]>[0]): Sequential {
  const model = kept(sequential({ layers: [masking({ maskValue: -1, inputShape: shape })] }));
  model.compile(config);
  return model;
}

/** What `evaluate` gives, as numbers. */
export async function numbersOf(figures: Tensor | Tensor[]): Promise<number[]> {
  return Promise.all([figures].flat().map(async (one) => (await one.data())[0] ?? Number.NaN));
}
