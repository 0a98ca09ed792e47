import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type * as sl from "sluice";
import { forecastChart } from "./chart.ts";
import type { Errors, ForecastDay } from "./evaluate.ts";
import type { Flags } from "./flags.ts";
import { forecastCsv } from "./report.ts";
import { type Experiment, STEP_INPUTS } from "./windows.ts";

interface Results {
  readonly experiment: Experiment;
  readonly days: readonly ForecastDay[];
  readonly errors: Errors;
  readonly flags: Flags;
}

/**
 * Writes forecast.csv, forecast.svg and weights.json.
 *
 * weights.json holds all it takes to forecast elsewhere: `model` (the recurrent layer), `inputs`
 * (names of the inputs of a step, in order), `scale` (births = output · deviation + mean), and
 * `weights`, a list of `{ name, shape, values }` in the order of `model.getWeights()`, each with
 * Keras's layout, row-major.
 *
 * @returns The paths of the files.
 */
export async function writeResults(model: sl.Sequential, results: Results): Promise<string[]> {
  const { days, errors, flags } = results;
  const files = {
    "forecast.csv": forecastCsv(days),
    "forecast.svg": forecastChart({ days, errors, model: flags.model }),
    "weights.json": await weightsJson(model, results),
  };
  mkdirSync(flags.out, { recursive: true });
  return Object.entries(files).map(([name, text]) => {
    const path = join(flags.out, name);
    writeFileSync(path, text);
    return path;
  });
}

async function weightsJson(model: sl.Sequential, { experiment, flags }: Results): Promise<string> {
  const weights = await Promise.all(
    model.weights.map(async (weight) => ({
      name: weight.name,
      shape: weight.shape,
      values: Array.from((await weight.data()) as Float32Array),
    })),
  );
  const { scale } = experiment;
  const content = { model: flags.model, seed: flags.seed, inputs: STEP_INPUTS, scale, weights };
  return `${JSON.stringify(content)}\n`;
}
