import { ArgumentError, TraceError } from "../errors.ts";
import { observeRecurrences } from "../layers/recurrence-observer.ts";
import { describeValue } from "../names/describe.ts";
import { enqueueAll } from "../tensor/evaluate.ts";
import { isTracing, type Tensor } from "../tensor/index.ts";
import { newScopeState, within } from "../tensor/scope-state.ts";
import { type ModelData, tensorsFor } from "../train/batches/data.ts";
import { Model } from "../train/index.ts";
import { runBySteps, type WatchedRun } from "./step-run.ts";

/**
 * The tensors for the inputs of a model, which is built for them.
 * @throws {ArgumentError} for what is no model. @throws {ShapeError} when x does not fit it.
 */
export function inputsFor(label: string, model: unknown, x: ModelData): Tensor[] {
  if (!(model instanceof Model)) {
    throw new ArgumentError(
      `${label}: received ${describeValue(model)} as model. Expected one of sl.sequential() or sl.model().`,
    );
  }
  if (isTracing()) {
    throw new TraceError(
      `${label}: called in a function that is being compiled, where there are no values yet. Call it outside.`,
    );
  }
  const inputs = tensorsFor(`${label}: x`, x, model.ports);
  model.ensureBuilt(oneOrAll(inputs.map(({ shape }) => shape)));
  return inputs;
}

/**
 * What `body` records of a model, and every recurrent layer in it, step by step. What it would write (states of stateful
 * layers) is dropped: to look changes nothing.
 * @throws {ArgumentError} when the model has no recurrent layer.
 */
export function watchRecurrences<T>(
  label: string,
  body: () => T,
): { readonly result: T; readonly runs: readonly WatchedRun[] } {
  const runs: WatchedRun[] = [];
  const result = withoutWrites(() =>
    observeRecurrences((layer, observed) => {
      const { sequences, ...run } = runBySteps(layer, observed);
      runs.push(run);
      return sequences;
    }, body),
  );
  if (runs.length > 0) return { result, runs };
  throw new ArgumentError(
    `${label}: the model has no recurrent layer. Expected one of simpleRNN, lstm, gru or rnn({ cell }).`,
  );
}

/** Runs `body` as a scope whose assignments are not carried out. */
export function withoutWrites<T>(body: () => T): T {
  return within(newScopeState(false), body);
}

/** Computes and reads tensors in one plan; nothing of them stays on the GPU. */
export async function readAll(tensors: readonly Tensor[], label: string): Promise<Float32Array[]> {
  const wants = tensors.map(() => ({ keep: false, read: true }));
  const outcomes = enqueueAll(tensors, wants, label);
  const read = await Promise.all(outcomes.map(({ data }) => data));
  return read.map((data) => (data instanceof Float32Array ? data : Float32Array.from(data ?? [])));
}

/** One thing as itself, several as a list. */
export function oneOrAll<T>(items: readonly T[]): T | readonly T[] {
  const [first] = items;
  return items.length === 1 && first !== undefined ? first : items;
}
