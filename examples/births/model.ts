import * as sl from "sluice";
import { WeightAverage } from "./weight-average.ts";
import { HISTORY, HORIZON, STEP_INPUTS, STEPS, type Windows } from "./windows.ts";

/** The recurrent layers that the program offers. */
export const RECURRENT_LAYERS = ["simpleRNN", "gru", "lstm"] as const;
export type RecurrentLayer = (typeof RECURRENT_LAYERS)[number];

/** What is fixed about model and training; tried out on the validation year. */
export const RECIPE = {
  units: 32,
  dropout: 0.2,
  batchSize: 16,
  epochs: 6,
  learningRate: 0.01,
  globalClipnorm: 1,
  /**
   * Share of the epochs, at the end, whose weights are averaged; until then the rate does not fall
   * to zero.
   */
  averagedShare: 0.6,
} as const;

/** One recurrent layer over the 56 steps, and for each step one number: its births, scaled. */
export function createModel(kind: RecurrentLayer): sl.Sequential {
  const { units, dropout } = RECIPE;
  const config = { units, returnSequences: true, inputShape: [STEPS, STEP_INPUTS.length] };
  const recurrent = {
    simpleRNN: () => sl.layers.simpleRNN(config),
    gru: () => sl.layers.gru(config),
    lstm: () => sl.layers.lstm(config),
  };
  const model = sl.sequential();
  model.add(recurrent[kind]());
  model.add(sl.layers.dropout({ rate: dropout }));
  model.add(sl.layers.dense({ units: 1 }));
  return model;
}

/**
 * Adam, whose rate falls along the first 70 % of half a cosine: averaging needs steps that still
 * explore.
 */
export function compileModel(model: sl.Sequential, updates: number): void {
  const { learningRate, globalClipnorm } = RECIPE;
  const rate = sl.train.cosineDecay({
    initialLearningRate: learningRate,
    decaySteps: 1.4 * updates,
  });
  model.compile({
    optimizer: sl.train.adam({ learningRate: rate, globalClipnorm }),
    loss: futureError,
  });
}

/** Averages the weights of the last epochs. */
export function createWeightAverage(epochs: number): WeightAverage {
  return new WeightAverage(epochs - Math.max(1, Math.round(RECIPE.averagedShare * epochs)));
}

/** Updates that training takes. */
export function countUpdates(windows: Windows, epochs: number): number {
  return Math.ceil(windows.origins.length / RECIPE.batchSize) * epochs;
}

/** A model's inputs and labels on their way to `fit` and `predict`. */
export function toTensors({ origins, inputs, targets }: Windows): { x: sl.Tensor; y: sl.Tensor } {
  const count = origins.length;
  return {
    x: sl.tensor3d(inputs, [count, STEPS, STEP_INPUTS.length]), // [B, T, I]
    y: sl.tensor3d(targets, [count, HORIZON, 1]), // [B, 28, 1]
  };
}

/** @returns Scaled births of the forecast days, [B, 28]. */
export async function predictModel(model: sl.Sequential, windows: Windows): Promise<Float32Array> {
  const { x } = toTensors(windows);
  const forecast = futureSteps(model.predict(x)); // [B, 28, 1]
  return (await forecast.data()) as Float32Array;
}

/**
 * Mean absolute error of the steps that are forecasts; what the model says of known days does not
 * count.
 */
function futureError(labels: sl.Tensor, predictions: sl.Tensor): sl.Tensor {
  return sl.losses.meanAbsoluteError(labels, futureSteps(predictions));
}

function futureSteps(sequence: sl.Tensor): sl.Tensor {
  return sequence.slice([0, HISTORY, 0], [-1, HORIZON, 1]); // [B, 28, 1]
}
