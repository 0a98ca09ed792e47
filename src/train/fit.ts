import { NumericsError } from "../errors.ts";
import { throwIfAborted } from "./abort.ts";
import type { BatchSource, Feed } from "./batches/batch-source.ts";
import type { Logs } from "./callbacks/callback-hooks.ts";
import type { CallbackList } from "./callbacks/callback-list.ts";
import type { FitSettings } from "./fit-config.ts";
import type { History } from "./history/history.ts";
import type { TestStep, TrainingStep } from "./model-steps.ts";
import { WHAT_TO_LOOK_FOR } from "./not-finite.ts";
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
  /** Names of the figures. */
  readonly metrics: readonly string[];
  /** Called once callbacks know that training begins. */
  readonly begun: () => void;
  /** Totals of an epoch that goes on from a file; null where they are on the GPU. */
  readonly resumed: () => Float32Array | null;
  /** Called after the last epoch, before callbacks know that training ends. */
  readonly ended: () => void;
  /** Told where training stands, before callbacks hear of it; null: nowhere from where it could go on. */
  readonly moved: (position: TrainingPosition | null) => void;
  /** Called after the callbacks of each batch and of each epoch. */
  readonly rested: (at: "batch" | "epoch") => Promise<void>;
  /** Whether somebody set `model.stopTraining`. */
  readonly isStopped: () => boolean;
}

/** Trains for all epochs; resolves with their record. */
export async function runFit(task: FitTask): Promise<History> {
  const { settings, callbacks, progress, validation, start, history } = task;
  throwIfAborted({ label: task.label, signal: task.settings.signal });
  callbacks.setParams({
    ...history.params,
    verbose: settings.verbose,
    doValidation: validation !== null,
    metrics: task.metrics,
  });
  await callbacks.trainBegin();
  task.begun();
  let logs: Logs = {};
  for (let epoch = start.epoch; epoch < settings.epochs; epoch++) {
    await callbacks.epochBegin(epoch);
    progress.beginEpoch(epoch);
    const { isRefused, ...trained } = await trainEpoch(task, epoch);
    logs = trained.logs;
    if (validation !== null && isJudged(settings, epoch))
      logs = { ...logs, ...(await validate(task, validation)) };
    task.moved({ ...start, epoch: epoch + 1, batch: 0 });
    progress.endEpoch(logs);
    logs = await callbacks.epochEnd(epoch, logs);
    history.add(epoch, logs);
    if (isRefused) task.moved(null);
    else await task.rested("epoch");
    throwIfAborted({ label: task.label, signal: task.settings.signal });
    if (isRefused || task.isStopped()) break;
  }
  task.ended();
  await callbacks.trainEnd(logs);
  return history;
}

/** How an epoch went. */
interface EpochEnd {
  readonly logs: Logs;
  /** An update was refused, and a callback took that as the end of training. */
  readonly isRefused: boolean;
}

/** One pass over the samples; its end is where `fit` waits for the GPU. */
async function trainEpoch(task: FitTask, epoch: number): Promise<EpochEnd> {
  const { training, progress, start } = task;
  let batch = epoch === start.epoch ? start.batch : 0;
  let pacer = batch > 0 ? beginEpoch(task, { isResumed: true }) : null;
  for await (const feed of training.batches(epoch, batch)) {
    throwIfAborted({ label: task.label, signal: task.settings.signal });
    pacer ??= beginEpoch(task, { isResumed: false });
    const refused = await trainBatch(task, { epoch, batch, feed, pacer });
    if (refused !== null) return { logs: refused, isRefused: true };
    batch++;
    if (task.isStopped()) break;
  }
  const reading = await task.trainingStep().tally.read();
  progress.update(reading);
  return { logs: reading.logs, isRefused: await isEndedByRefusal(task, epoch, reading) };
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

/** Gives the figures where training ends here, because an update was refused; else null. */
async function trainBatch(
  task: FitTask,
  { epoch, batch, feed, pacer }: { epoch: number; batch: number; feed: Feed; pacer: Pacer },
): Promise<Logs | null> {
  const { callbacks, progress, start } = task;
  const step = task.trainingStep();
  await callbacks.batchBegin(batch, feed.size);
  step.run(feed.data, feed.rows);
  task.moved({ ...start, epoch, batch: batch + 1 });
  const latest = callbacks.has("onBatchEnd") ? await step.tally.read() : await pacer.turn();
  if (latest !== null) {
    progress.update(latest);
    if (await isEndedByRefusal(task, epoch, latest)) return latest.logs;
    if (callbacks.has("onBatchEnd")) {
      await callbacks.batchEnd(batch, { batch, size: feed.size, ...latest.logs });
    }
    await callbacks.yield(epoch, batch, latest.logs);
  }
  await task.rested("batch");
  return null;
}

/** Whether anybody sees the figures before an epoch ends. */
function isWatched({ callbacks, progress }: FitTask): boolean {
  return progress.isLive || callbacks.has("onYield");
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
    throwIfAborted({ label: task.label, signal: task.settings.signal });
    validationStep.run(feed.data, feed.rows);
    await pacer.turn();
  }
  return prefixed(await tally.read());
}

function prefixed({ logs }: TallyReading): Logs {
  return Object.fromEntries(Object.entries(logs).map(([name, value]) => [`val_${name}`, value]));
}

/**
 * Whether an update was refused and a callback takes that as the end of training; else a refused update is an error. It and
 * all after it changed nothing, so the count tells which it was.
 */
async function isEndedByRefusal(
  task: FitTask,
  epoch: number,
  { steps, refused }: TallyReading,
): Promise<boolean> {
  if (refused === 0) return false;
  const batch = steps - refused;
  const error = new NumericsError(
    `${task.label}: the loss or a gradient is not finite in epoch ${epoch}, batch ${batch}. The weights ` +
      `are those before that batch. ${WHAT_TO_LOOK_FOR}`,
    { details: { epoch, batch } },
  );
  if (await task.callbacks.numericsError(error)) return true;
  throw error;
}
