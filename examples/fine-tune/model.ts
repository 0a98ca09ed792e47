import * as sl from "sluice";
import { HISTORY, INPUTS, type Samples } from "./data.ts";

/** How the models are trained. Both ways of training have the same settings for the county. */
export const RECIPE = {
  units: 32,
  country: { learningRate: 0.005, epochs: 3, batchSize: 32 },
  /** Of 0.01, 0.003 and 0.001 this rate has the best validation errors, for both ways (means of seeds 11, 12 and 13). */
  county: { learningRate: 0.01, epochs: 100, batchSize: 16, validationSplit: 0.2, patience: 10 },
  /** A tenth, for layers that have learned already. */
  unfrozenRate: 0.001,
} as const;

/** Two LSTMs that keep their names from task to task, and a head with a name of its own for each. */
export function createModel(head: string): sl.Sequential {
  const { units } = RECIPE;
  return sl.sequential({
    layers: [
      sl.layers.lstm({
        units,
        returnSequences: true,
        inputShape: [HISTORY, INPUTS],
        name: "lower",
      }),
      sl.layers.lstm({ units, name: "upper" }),
      sl.layers.dense({ units: 1, name: head }),
    ],
  });
}

/** Learns the country's next day. @returns The file of the model. */
export async function pretrain({ x, y }: Samples, seed: number): Promise<Blob> {
  const { learningRate, epochs, batchSize } = RECIPE.country;
  const model = createModel("country");
  model.compile({ optimizer: sl.train.adam(learningRate), loss: "meanSquaredError" });
  await model.fit(x, y, { epochs, batchSize, seed, verbose: 0 });
  const file = await model.save();
  model.dispose();
  return file;
}

/** A model that knows nothing but the county's 200 windows. */
export async function trainFromScratch(samples: Samples, seed: number): Promise<sl.Sequential> {
  const model = createModel("county");
  await fitCounty(model, samples, { seed });
  return model;
}

/** The LSTMs come from the file and the head is new; the lower LSTM stays as it is. */
export async function fineTune(file: Blob, samples: Samples, seed: number): Promise<sl.Sequential> {
  const model = createModel("county");
  await model.loadWeights(file, { byName: true });
  model.getLayer("lower").trainable = false;
  await fitCounty(model, samples, { seed });
  return model;
}

/** Goes on with all layers, in small steps. */
export async function unfreeze(
  model: sl.Sequential,
  samples: Samples,
  seed: number,
): Promise<void> {
  model.getLayer("lower").trainable = true;
  await fitCounty(model, samples, { learningRate: RECIPE.unfrozenRate, seed });
}

/** Mean absolute error, in the units of the samples. */
export async function errorOf(model: sl.Sequential, { x, y }: Samples): Promise<number> {
  const [error = Number.NaN] = await model.predict(x).sub(y).abs().mean().data();
  return error;
}

/** Trains on the first 160 windows until the last 40 get no better; the best weights stay. */
async function fitCounty(
  model: sl.Sequential,
  { x, y }: Samples,
  { learningRate = RECIPE.county.learningRate, seed }: { learningRate?: number; seed: number },
): Promise<void> {
  const { epochs, batchSize, validationSplit, patience } = RECIPE.county;
  model.compile({ optimizer: sl.train.adam(learningRate), loss: "meanSquaredError" });
  const callbacks = sl.callbacks.earlyStopping({ patience, restoreBestWeights: true });
  await model.fit(x, y, { epochs, batchSize, validationSplit, callbacks, seed, verbose: 0 });
}
