import { orderedIndices, shuffledIndices } from "../data/shuffled-indices.ts";
import { AbortError, NumericsError } from "../errors.ts";
import { tensor } from "../tensor/index.ts";
import type { CallbackList, Logs } from "./callbacks.ts";
import type { FitSettings } from "./fit-config.ts";
import { History } from "./history.ts";
import type { TestStep, TrainingStep } from "./model-steps.ts";
import type { Batch } from "./objective.ts";
import { Pacer } from "./pacer.ts";
import type { Progress } from "./progress.ts";
import type { TallyReading } from "./tally.ts";

/** Samples `start` to `end` of data that lies on the GPU. */
export interface DataRange {
  readonly data: Batch;
  readonly start: number;
  readonly end: number;
}

/** What one call of `fit` works on. */
export interface FitTask {
  /** For messages: `sequential_1.fit`. */
  readonly label: string;
  readonly trainingStep: TrainingStep;
  readonly validationStep: TestStep;
  readonly training: DataRange;
  readonly validation: DataRange | null;
  readonly settings: FitSettings;
  readonly callbacks: CallbackList;
  readonly progress: Progress;
  /** Key of the order of epoch number `epoch`. */
  readonly shuffleKey: (epoch: number) => number;
  /** Whether somebody set `model.stopTraining`. */
  readonly isStopped: () => boolean;
}

/** Trains for all epochs; resolves with their record. */
export async function runFit(task: FitTask): Promise<History> {
  const { settings, callbacks, progress, training, validation } = task;
  const samples = training.end - training.start;
  const history = new History({
    epochs: settings.epochs,
    initialEpoch: settings.initialEpoch,
    steps: Math.ceil(samples / settings.batchSize),
    samples,
    validationSamples: validation === null ? 0 : validation.end - validation.start,
    batchSize: settings.batchSize,
  });
  throwIfAborted(task);
  await callbacks.trainBegin();
  let logs: Logs = {};
  for (let epoch = settings.initialEpoch; epoch < settings.epochs; epoch++) {
    await callbacks.epochBegin(epoch);
    progress.beginEpoch(epoch);
    logs = await trainEpoch(task, epoch);
    if (validation !== null && isJudged(settings, epoch))
      logs = { ...logs, ...(await validate(task, validation)) };
    history.add(epoch, logs);
    progress.endEpoch(logs);
    await callbacks.epochEnd(epoch, logs);
    throwIfAborted(task);
    if (task.isStopped()) break;
  }
  await callbacks.trainEnd(logs);
  return history;
}

/** One pass over the samples; its end is where `fit` waits for the GPU. */
async function trainEpoch(task: FitTask, epoch: number): Promise<Logs> {
  const { trainingStep, training, settings, callbacks, progress } = task;
  const { tally } = trainingStep;
  tally.reset();
  const pacer = new Pacer(tally, settings.yieldEveryMs);
  const order = epochOrder(task, epoch);
  for (let batch = 0; batch * settings.batchSize < order.length; batch++) {
    throwIfAborted(task);
    const rows = rowsOfBatch(order, batch, settings.batchSize);
    await callbacks.batchBegin(batch, rows.length);
    runStep(rows, (indices) => trainingStep.run(training.data, indices));
    const latest = callbacks.has("onBatchEnd") ? await readEpoch(task, epoch) : await pacer.turn();
    if (latest !== null) {
      throwIfRefused(task, epoch, latest);
      progress.update(latest);
      if (callbacks.has("onBatchEnd")) {
        await callbacks.batchEnd(batch, { batch, size: rows.length, ...latest.logs });
      }
      await callbacks.yield(epoch, batch, latest.logs);
    }
    if (task.isStopped()) break;
  }
  const reading = await readEpoch(task, epoch);
  progress.update(reading);
  return reading.logs;
}

async function readEpoch(task: FitTask, epoch: number): Promise<TallyReading> {
  const reading = await task.trainingStep.tally.read();
  throwIfRefused(task, epoch, reading);
  return reading;
}

/** Whether the validation runs at the end of epoch number `epoch`, which Keras counts from 1 here. */
function isJudged({ validationFreq }: FitSettings, epoch: number): boolean {
  return typeof validationFreq === "number"
    ? (epoch + 1) % validationFreq === 0
    : validationFreq.includes(epoch + 1);
}

/** Judges all validation samples; gives the figures with `val_` in front. */
async function validate(task: FitTask, { data, start, end }: DataRange): Promise<Logs> {
  const { validationStep, settings } = task;
  const { tally } = validationStep;
  tally.reset();
  const pacer = new Pacer(tally, settings.yieldEveryMs);
  const order = orderedIndices(end - start).map((index) => index + start);
  const size = settings.validationBatchSize;
  for (let batch = 0; batch * size < order.length; batch++) {
    throwIfAborted(task);
    const rows = rowsOfBatch(order, batch, size);
    runStep(rows, (indices) => validationStep.run(data, indices));
    await pacer.turn();
  }
  return prefixed(await tally.read());
}

function prefixed({ logs }: TallyReading): Logs {
  return Object.fromEntries(Object.entries(logs).map(([name, value]) => [`val_${name}`, value]));
}

function epochOrder({ training, settings, shuffleKey }: FitTask, epoch: number): Int32Array {
  const { start, end } = training;
  const order = settings.shuffle
    ? shuffledIndices(end - start, shuffleKey(epoch))
    : orderedIndices(end - start);
  return start === 0 ? order : order.map((index) => index + start);
}

function rowsOfBatch(order: Int32Array, batch: number, batchSize: number): Int32Array {
  return order.subarray(batch * batchSize, (batch + 1) * batchSize);
}

function runStep(rows: Int32Array, run: (indices: ReturnType<typeof tensor>) => void): void {
  const indices = tensor(rows, [rows.length], "int32");
  run(indices);
  indices.dispose();
}

function throwIfAborted({ label, settings }: FitTask): void {
  if (settings.signal?.aborted !== true) return;
  throw new AbortError(
    `${label}: training was aborted; the weights are those after the last finished step.`,
    { cause: settings.signal.reason },
  );
}

/** The first refused step and all after it changed nothing, so the count tells which it was. */
function throwIfRefused(task: FitTask, epoch: number, { steps, refused }: TallyReading): void {
  if (refused === 0) return;
  const batch = steps - refused;
  throw new NumericsError(
    `${task.label}: the loss or a gradient is not finite in epoch ${epoch}, batch ${batch}. The weights ` +
      "are those before that batch. Look for NaN in x and y; else lower the learning rate, or set " +
      "globalClipnorm on the optimizer.",
    { details: { epoch, batch } },
  );
}
