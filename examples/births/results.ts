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
 * Writes forecast.csv, forecast.svg and model.safetensors.
 *
 * model.safetensors holds all it takes to forecast elsewhere: `sl.loadLayersModel` makes the model again, whose
 * metadata has `inputs` (names of the inputs of a step, in order) and `scale` (births = output · deviation + mean).
 *
 * @returns The paths of the files.
 */
export async function writeResults(model: sl.Sequential, results: Results): Promise<string[]> {
  const { days, errors, experiment, flags } = results;
  mkdirSync(flags.out, { recursive: true });
  const at = (name: string): string => join(flags.out, name);
  writeFileSync(at("forecast.csv"), forecastCsv(days));
  writeFileSync(at("forecast.svg"), forecastChart({ days, errors, model: flags.model }));
  model.setUserDefinedMetadata({ inputs: STEP_INPUTS, scale: experiment.scale, seed: flags.seed });
  await model.save(at("model.safetensors"), { includeOptimizer: false });
  return ["forecast.csv", "forecast.svg", "model.safetensors"].map(at);
}
