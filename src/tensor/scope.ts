import { TraceError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { topologicalOrder } from "../graph/traverse.ts";
import { withName } from "../ops/record.ts";
import { tensorsIn } from "./containers.ts";
import { currentEngine } from "./current.ts";
import { keepAs, sourceOf } from "./kept.ts";
import { newScopeState, openScope, type ScopeState, within } from "./scope-state.ts";
import { Tensor } from "./tensor.ts";

/**
 * Runs `body` as one piece: what it assigns to variables is stored when the outermost scope ends, in one
 * plan with the tensors that it returns. Nodes recorded inside carry `name` in their path.
 *
 * @throws {TraceError} when `body` is asynchronous: a scope is over when it returns.
 */
export function scope<T>(name: string, body: () => T): T {
  if (openScope()) return withName(name, body);
  const state = newScopeState(false);
  const result = within(state, () => withName(name, body));
  if (result instanceof Promise) {
    throw new TraceError(
      `${name || "scope"}: received an async function. Expected one that returns its tensors at once; ` +
        "await before or after it, not inside.",
    );
  }
  runWrites(state, tensorsIn(result), name);
  return result;
}

/** Stores what a scope assigned; its results, and whatever else would be stale, are computed alongside. */
function runWrites(state: ScopeState, results: Iterable<Tensor>, label: string): void {
  if (state.writes.size === 0) return;
  const values = new Set<Value>();
  for (const tensor of [...results, ...groupsBehind(state)]) {
    if (tensor.isMutable || tensor.isDisposed) continue;
    if (isOutdated(tensor.value, state)) values.add(tensor.value);
  }
  for (const value of state.retained) if (isOutdated(value, state)) values.add(value);
  const outputs = [...values];
  const writes = [...state.writes].map(([storage, value]) => ({ storage, value }));
  const wants = outputs.map(() => ({ keep: true, read: false }));
  const outcomes = currentEngine().enqueue({ outputs, writes }, wants, label || "update");
  outputs.forEach((value, i) => {
    keepAs(value, outcomes[i]?.storage ?? null);
  });
}

/**
 * What came together with the tensors that the new contents are made of: after `w.assign(w.sub(grads.w))` the loss
 * and the other gradients have to stay readable.
 */
function groupsBehind({ writes, firstNode }: ScopeState): Tensor[] {
  const outside = topologicalOrder([...writes.values()]).filter((node) => node.id < firstNode);
  return outside.flatMap((node) => node.outputs.flatMap((value) => Tensor.groupOf(value)));
}

/** Whether a value cannot be computed any more after the writes: it is lazy, or what a variable held before. */
function isOutdated(value: Value, { writes }: ScopeState): boolean {
  const source = sourceOf(value);
  return source === null || (source.kind === "storage" && writes.has(source.storage));
}
