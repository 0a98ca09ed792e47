import type { Value } from "../graph/node.ts";
import { scope, Tensor } from "../tensor/index.ts";
import type { DTypePolicy } from "./dtype-policy.ts";

/** What layers inside layers share during a call: nobody has to hand it down by hand. */
interface CallContext {
  readonly training: boolean;
  /** Collects what `addLoss` receives; null when nobody asked. */
  readonly losses: Value[] | null;
  /** That of the layer around; null: none is. */
  readonly policy: DTypePolicy | null;
}

let current: CallContext = { training: false, losses: null, policy: null };

/** Whether the call around is part of training; false outside any call. */
export function isTraining(): boolean {
  return current.training;
}

/** Runs `body` with the training flag of the layers inside set. */
export function withTraining<T>(training: boolean, body: () => T): T {
  return withContext({ ...current, training }, body);
}

/** The dtype policy of the layer whose call is around; null outside any. */
export function policyAround(): DTypePolicy | null {
  return current.policy;
}

/** Runs `body` with this policy for the layers inside. */
export function withPolicy<T>(policy: DTypePolicy | null, body: () => T): T {
  return withContext({ ...current, policy }, body);
}

/** Adds a scalar to the loss of the training step around; without one it is dropped. */
export function addLoss(loss: Tensor): void {
  current.losses?.push(loss.value);
}

/**
 * Runs `body` and hands back, beside its result, the scalars that layers inside added to the loss
 * (activity regularizers, `addLoss`). Penalties on weights are not among them: those are
 * `layer.losses`.
 */
export function collectLosses<T>(body: () => T): { result: T; losses: Tensor[] } {
  return scope("losses", () => {
    const losses: Value[] = [];
    const result = withContext({ ...current, losses }, body);
    return { result, losses: losses.map((value) => Tensor.of(value)) };
  });
}

function withContext<T>(context: CallContext, body: () => T): T {
  const outer = current;
  current = context;
  try {
    return body();
  } finally {
    current = outer;
  }
}
