import { AbortError, NumericsError } from "../errors.ts";
import type { BatchSource, Feed } from "./batch-source.ts";
import type { CallbackList, Logs } from "./callbacks.ts";
import type { FitSettings } from "./fit-config.ts";
import type { History } from "./history.ts";
import type { TestStep, TrainingStep } from "./model-steps.ts";
import { Pacer } from "./pacer.ts";
import type { Progress } from "./progress.ts";
import type { TallyReading } from "./tally.ts";
import type { TrainingPosition } from "./training-state.ts";

/** What one call of `fit` works on. */
export interface FitTask {
  /** For messages: `sequential_1.fit`. */
  readonly label: string;
  /** The steps; there are none before the model is built, which the first batch of a data set may do. */
  readonly trainingStep: () => TrainingStep;
  readonly validationStep: () => TestStep;
  readonly training: BatchSource;
  readonly validation: BatchSource | null;
  readonly settings: FitSettings;
  readonly callbacks: CallbackList;
  readonly progress: Progress;
  /** Where training begins; `epoch` and `batch` are those that come first. */
  readonly start: TrainingPosition;
  readonly history: History;
  /** Totals of an epoch that goes on from a file; null where they are on the GPU. */
  readonly resumed: () => Float32Array | null;
  /** Told where training stands, before callbacks hear of it. */
  readonly moved: (position: TrainingPosition) => void;
  /** Called after the callbacks of each batch and of each epoch. */
  readonly rested: (at: "batch" | "epoch") => Promise<void>;
  /** Whether somebody set `model.stopTraining`. */
  readonly isStopped: () => boolean;
}

/** Trains for all epochs; resolves with their record. */
export async function runFit(task: FitTask): Promise<History> {
  const { settings, callbacks, progress, validation, start, history } = task;
  throwIfAborted(task);
  await callbacks.trainBegin();
  let logs: Logs = {};
  for (let epoch = start.epoch; epoch < settings.epochs; epoch++) {
    await callbacks.epochBegin(epoch);
    progress.beginEpoch(epoch);
    logs = await trainEpoch(task, epoch);
    if (validation !== null && isJudged(settings, epoch))
      logs = { ...logs, ...(await validate(task, validation)) };
    history.add(epoch, logs);
    task.moved({ seed: start.seed, epoch: epoch + 1, batch: 0 });
    progress.endEpoch(logs);
    await callbacks.epochEnd(epoch, logs);
    await task.rested("epoch");
    throwIfAborted(task);
    if (task.isStopped()) break;
  }
  await callbacks.trainEnd(logs);
  return history;
}

/** One pass over the samples; its end is where `fit` waits for the GPU. */
async function trainEpoch(task: FitTask, epoch: number): Promise<Logs> {
  const { training, progress, start } = task;
  let batch = epoch === start.epoch ? start.batch : 0;
  let pacer: Pacer | null = null;
  for await (const feed of training.batches(epoch, batch)) {
    throwIfAborted(task);
    pacer ??= beginEpoch(task, { isResumed: batch > 0 });
    await trainBatch(task, { epoch, batch, feed, pacer });
    batch++;
    if (task.isStopped()) break;
  }
  const reading = await readEpoch(task, epoch);
  progress.update(reading);
  return reading.logs;
}

/** The figures of an epoch that goes on are those that it had come to. */
function beginEpoch(task: FitTask, { isResumed }: { isResumed: boolean }): Pacer {
  const step = task.trainingStep();
  step.isSticky = true;
  const totals = task.resumed();
  if (!isResumed) step.tally.reset();
  else if (totals !== null) step.tally.restore(totals);
  const everyMs = task.settings.yieldEveryMs;
  return new Pacer(step.tally, { everyMs, isWatched: isWatched(task) });
}

async function trainBatch(
  task: FitTask,
  { epoch, batch, feed, pacer }: { epoch: number; batch: number; feed: Feed; pacer: Pacer },
): Promise<void> {
  const { callbacks, progress, start } = task;
  await callbacks.batchBegin(batch, feed.size);
  task.trainingStep().run(feed.data, feed.rows);
  task.moved({ seed: start.seed, epoch, batch: batch + 1 });
  const latest = callbacks.has("onBatchEnd") ? await readEpoch(task, epoch) : await pacer.turn();
  if (latest !== null) {
    throwIfRefused(task, epoch, latest);
    progress.update(latest);
    if (callbacks.has("onBatchEnd")) {
      await callbacks.batchEnd(batch, { batch, size: feed.size, ...latest.logs });
    }
    await callbacks.yield(epoch, batch, latest.logs);
  }
  await task.rested("batch");
}

/** Whether anybody sees the figures before an epoch ends. */
function isWatched({ callbacks, progress }: FitTask): boolean {
  return progress.isLive || callbacks.has("onYield");
}

async function readEpoch(task: FitTask, epoch: number): Promise<TallyReading> {
  const reading = await task.trainingStep().tally.read();
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
async function validate(task: FitTask, validation: BatchSource): Promise<Logs> {
  const { settings } = task;
  const validationStep = task.validationStep();
  const { tally } = validationStep;
  tally.reset();
  const pacer = new Pacer(tally, { everyMs: settings.yieldEveryMs, isWatched: false });
  for await (const feed of validation.batches(0, 0)) {
    throwIfAborted(task);
    validationStep.run(feed.data, feed.rows);
    await pacer.turn();
  }
  return prefixed(await tally.read());
}

function prefixed({ logs }: TallyReading): Logs {
  return Object.fromEntries(Object.entries(logs).map(([name, value]) => [`val_${name}`, value]));
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
