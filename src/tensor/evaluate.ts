import type { TypedArray } from "../graph/dtype.ts";
import type { Value } from "../graph/node.ts";
import { specBytes } from "../graph/spec.ts";
import type { Outcome, Want } from "../runtime/engine.ts";
import { currentEngine } from "./current.ts";
import { keepAs, sourceOf } from "./kept.ts";

/** What evaluation knows of a tensor. */
export interface Evaluated {
  readonly value: Value;
  readonly isPending: boolean;
  readonly isDisposed: boolean;
  readonly isMutable: boolean;
  /** The tensors that came with this one; itself when it came alone. */
  readonly group: readonly Evaluated[];
  beginFrom(value: Value, data: TypedArray): boolean;
}

/** Of the tensors that came with one that is read, as many bytes are read along. */
const READ_ALONG_BYTES = 1024 * 1024;

/** Queues the evaluation of a tensor and of those that came with it; all stay on the GPU. */
export function keepGroup(tensor: Evaluated): void {
  const pending = tensor.group.filter((member) => member === tensor || member.isPending);
  const wants = pending.map(() => ({ keep: true, read: false }));
  enqueueAll(pending, wants, tensor.value.node.op);
}

/**
 * Reads a tensor. Of those that came with it the small ones are read as well, and what is pending is evaluated: a
 * loop that reads its loss and lets go of the gradients must not pile them up on the GPU.
 */
export function readWithGroup(tensor: Evaluated): Promise<TypedArray> {
  let budget = READ_ALONG_BYTES;
  const members: { member: Evaluated; value: Value; want: Want }[] = [];
  for (const member of tensor.group) {
    if (member === tensor) {
      members.push({ member, value: member.value, want: { keep: false, read: true } });
      continue;
    }
    if (member.isDisposed || member.isMutable || !holdsResult(member.value)) continue;
    const bytes = specBytes(member.value.spec);
    const want = { keep: member.isPending, read: bytes <= budget };
    if (want.read) budget -= bytes;
    if (want.keep || want.read) members.push({ member, value: member.value, want });
  }
  const outcomes = enqueueAll(
    members.map(({ member }) => member),
    members.map(({ want }) => want),
    tensor.value.node.op,
  );
  let own: Promise<TypedArray> | null = null;
  members.forEach(({ member, value }, i) => {
    const data = outcomes[i]?.data ?? null;
    if (member === tensor) own = data;
    // Whoever reads the member later gets the error from that read.
    else data?.then((read) => member.beginFrom(value, read)).catch(() => undefined);
  });
  return own as unknown as Promise<TypedArray>;
}

/** Whether a value is computed, and may be moved: no variable, not handed out, not the application's. */
export function holdsResult(value: Value): boolean {
  const from = sourceOf(value);
  if (from === null) return true;
  return from.kind === "storage" && from.storage.kind === "result" && !from.storage.shared;
}

/** Queues the evaluation of several tensors in one plan; what is kept is found by later graphs. */
export function enqueueAll(
  tensors: readonly Evaluated[],
  wants: readonly Want[],
  label: string,
): readonly Outcome[] {
  const outputs = tensors.map((tensor) => tensor.value);
  const outcomes = currentEngine().enqueue({ outputs, writes: [] }, wants, label);
  outputs.forEach((value, i) => {
    keepAs(value, outcomes[i]?.storage ?? null);
  });
  return outcomes;
}
