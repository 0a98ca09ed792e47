/**
 * Forecasts daily births in the United States 28 days ahead, and compares with three simple
 * methods.
 *
 *     npm start -- --help
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import * as sl from "sluice";
import { runProgram } from "../shared/program.ts";
import { DATA_FILE, parseBirths } from "./data.ts";
import { type Baselines, computeBaselines, listForecasts, meanAbsoluteErrors } from "./evaluate.ts";
import { type Flags, HELP, parseFlags } from "./flags.ts";
import * as births from "./model.ts";
import { describeExperiment, errorTable, verdict } from "./report.ts";
import { writeResults } from "./results.ts";
import { type Experiment, prepareExperiment } from "./windows.ts";

await runProgram({ help: HELP, parseFlags, run: forecastBirths });

async function forecastBirths(flags: Flags): Promise<number> {
  await sl.init({ seed: flags.seed });
  console.log(`Adapter    ${sl.adapterName()}`);
  const experiment = prepareExperiment(readBirths());
  console.log(describeExperiment(experiment));
  const baselines = computeBaselines(experiment);
  const model = births.createModel(flags.model);
  await train(model, experiment, flags);
  const isBetter = await judge(model, { experiment, baselines, flags });
  model.dispose();
  return isBetter ? 0 : 1;
}

function readBirths() {
  const file = createRequire(import.meta.url).resolve(DATA_FILE);
  return parseBirths(readFileSync(file, "utf8"));
}

async function train(model: sl.Sequential, experiment: Experiment, flags: Flags): Promise<void> {
  const { training, validation } = experiment;
  const { epochs, seed } = flags;
  console.log(`Model      ${flags.model}, ${model.countParams()} parameters, seed ${seed}\n`);
  births.compileModel(model, births.countUpdates(training, epochs));
  const { x, y } = births.toTensors(training);
  const validationTensors = births.toTensors(validation);
  await model.fit(x, y, {
    epochs,
    seed,
    batchSize: births.RECIPE.batchSize,
    validationData: [validationTensors.x, validationTensors.y],
    callbacks: births.createWeightAverage(epochs),
  });
}

/**
 * Forecasts the held-out days, reports, and tells whether both seasonal-naive forecasts are beaten.
 */
async function judge(
  model: sl.Sequential,
  about: { experiment: Experiment; baselines: Baselines; flags: Flags },
): Promise<boolean> {
  const { experiment, baselines, flags } = about;
  const forecast = await births.predictModel(model, experiment.heldOut); // [B, 28]
  const days = listForecasts(experiment, forecast, baselines);
  const errors = meanAbsoluteErrors(days);
  console.log(`\n${errorTable(errors, flags.model)}\n`);
  const files = await writeResults(model, { experiment, days, errors, flags });
  console.log(`Wrote ${files.join(", ")}.\n${verdict(errors, flags.model)}`);
  return errors.model < errors.lag7 && errors.model < errors.lag364;
}
