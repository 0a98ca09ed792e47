import type { Plan } from "../compiler/plan.ts";
import type { Faults } from "../gpu/faults.ts";
import type { Readback, ReadbackPool } from "../gpu/readback.ts";
import type { SubmitGate } from "../gpu/submission.ts";
import type { TypedArray } from "../graph/dtype.ts";
import { floatsOfHalves } from "../graph/half.ts";
import { sizeOf } from "../graph/shape.ts";
import type { Spec } from "../graph/spec.ts";
import { specBytes } from "../graph/spec.ts";
import { toWords } from "./blocks.ts";
import { cutByCost, type DispatchRange } from "./cut-by-cost.ts";
import type { MemoryBook } from "./memory-book.ts";
import { type BoundLeaf, locate, type PlanInstance } from "./plan-instance.ts";
import type { Run } from "./run.ts";

/** What submitting needs of the engine. */
export interface SubmitContext {
  readonly device: GPUDevice;
  readonly gate: SubmitGate;
  readonly book: MemoryBook;
  readonly readbacks: ReadbackPool;
  readonly faults: Faults;
  /** Software adapters and slow GPUs must not near a watchdog with one submit. */
  readonly isSlow: boolean;
  /** The device is ours: whatever fails on it is ours too. */
  readonly isOwned: boolean;
  readonly count: (what: "submits" | "dispatches" | "readbacks", by: number) => void;
  /** Records the dispatches; the profiler puts its own walker here. */
  readonly walk: Walker;
}

/** Goes through dispatches `from` to `to` of an instance in one command encoder. */
export type Walker = (
  encoder: GPUCommandEncoder,
  instance: PlanInstance,
  groups: readonly GPUBindGroup[],
  range: DispatchRange,
) => void;

/** The usual walker: everything in one pass. */
export const walkInOnePass: Walker = (encoder, instance, groups, range) => {
  const pass = encoder.beginComputePass();
  instance.encode(pass, groups, range);
  pass.end();
};

/**
 * Encodes and submits one run; its plan's pipelines are ready.
 * @returns null, or for a plan of so much work that it is several submits: when the last is on its way. Between them
 * it waits for room in the gate, and nothing else may be submitted.
 */
export function submitRun(
  run: Run,
  instance: PlanInstance,
  context: SubmitContext,
): Promise<void> | null {
  const { faults, isOwned, gate } = context;
  const isFirst = instance.runs++ === 0;
  const { ticket } = faults;
  // On the application's device only a scope tells our failures from those of the application.
  const isScoped = isFirst || !isOwned;
  const failures: Promise<Error | null>[] = [];
  const watch = <T>(body: () => T): T => {
    const { result, error } = isScoped ? faults.scope(run.label, body) : faults.gather(body);
    if (error) failures.push(error);
    return result;
  };
  const uncaught = (): Error | null => faults.lost ?? (isOwned ? faults.since(ticket) : null);
  const end = (submitted: Submitted): void => finish(run, submitted, { failures, uncaught });
  const parts = cutByCost(instance.plan.dispatches, context.isSlow);
  const [first, ...others] = parts;
  if (first === undefined || others.length === 0) {
    end(watch(() => encodeLast(begin(run, instance, context), first)));
    return null;
  }
  const rest = async (): Promise<void> => {
    const work = watch(() => encodePart(begin(run, instance, context), first));
    for (const [i, part] of others.entries()) {
      if (!gate.free) await gate.whenFree();
      if (i === others.length - 1) end(watch(() => encodeLast(work, part)));
      else watch(() => encodePart(work, part));
    }
  };
  return instance.undisturbed(rest);
}

interface Submitted {
  readonly readings: readonly Reading[];
  /** Resolves when the GPU is through. */
  readonly done: Promise<void>;
}

interface Reading {
  readonly readback: Readback;
  readonly spec: Spec;
  readonly index: number;
}

/** A run that is being encoded. */
interface Work {
  readonly run: Run;
  readonly instance: PlanInstance;
  readonly context: SubmitContext;
  readonly from: {
    readonly slots: readonly GPUBuffer[];
    readonly tables: readonly GPUBuffer[];
    readonly leaves: readonly (BoundLeaf | null)[];
  };
  readonly groups: readonly GPUBindGroup[];
  /** Takes what comes next; null between two submits. */
  encoder: GPUCommandEncoder | null;
}

/** Looks up all memory and brings the inputs in. */
function begin(run: Run, instance: PlanInstance, context: SubmitContext): Work {
  const { plan } = instance;
  const slots = instance.slotsNow();
  const encoder = context.device.createCommandEncoder({ label: run.label });
  const leaves = bindLeaves(run, { plan, slots }, { context, encoder });
  instance.writeScalars(run.scalars);
  const groups = plan.dispatches.length > 0 ? instance.bindGroups(leaves) : [];
  return { run, instance, context, from: { slots, tables: [], leaves }, groups, encoder };
}

function encoderOf(work: Work): GPUCommandEncoder {
  work.encoder ??= work.context.device.createCommandEncoder({ label: work.run.label });
  return work.encoder;
}

/** Submits some of the dispatches. */
function encodePart(work: Work, part: DispatchRange): Work {
  const { context, instance, groups } = work;
  const encoder = encoderOf(work);
  context.walk(encoder, instance, groups, part);
  work.encoder = null;
  void context.gate.submit([encoder.finish()]);
  context.count("submits", 1);
  return work;
}

/** Submits the last dispatches and the copies of what comes out. */
function encodeLast(work: Work, part: DispatchRange | undefined): Submitted {
  const { run, instance, context, from, groups } = work;
  const { device, book, gate } = context;
  const { plan } = instance;
  const encoder = encoderOf(work);
  if (part) context.walk(encoder, instance, groups, part);
  const readings: Reading[] = [];
  run.outputs.forEach((target, index) => {
    const output = plan.outputs[index];
    if (!output) return;
    const { buffer, offset } = locate(output.memory, from);
    const bytes = specBytes(output.spec);
    if (target.keep && bytes > 0) {
      const place = book.placeOf(target.keep);
      const to = book.bufferOf(place.block, device.queue);
      encoder.copyBufferToBuffer(buffer, offset, to, place.offset, bytes);
    }
    if (target.read) {
      const readback = context.readbacks.read(encoder, buffer, { offset, byteLength: bytes });
      readings.push({ readback, spec: output.spec, index });
    }
  });
  plan.writes.forEach((write, i) => {
    const target = run.writes[i];
    if (write.inPlace || !target) return;
    const { buffer, offset } = locate(write.memory, from);
    const { place } = target;
    const to = book.bufferOf(place.block, device.queue);
    const bytes = specBytes(write.spec);
    if (bytes > 0) encoder.copyBufferToBuffer(buffer, offset, to, place.offset, bytes);
  });
  const done = gate.submit([encoder.finish()]);
  context.count("submits", 1);
  context.count("dispatches", plan.dispatches.length);
  context.count("readbacks", readings.length);
  return { readings, done };
}

/** Copies staged inputs into the plan's slots; gives the buffers of the others. */
function bindLeaves(
  run: Run,
  { plan, slots }: { plan: Plan; slots: readonly GPUBuffer[] },
  { context, encoder }: { context: SubmitContext; encoder: GPUCommandEncoder },
): (BoundLeaf | null)[] {
  const { device, book } = context;
  return plan.leaves.map((leaf, i) => {
    const source = run.leaves[i];
    const slot = slots[leaf.slot];
    if (source?.kind === "host") {
      const words = toWords(source.data, leaf.spec.dtype);
      if (slot && words.byteLength > 0) device.queue.writeBuffer(slot, 0, words);
      return null;
    }
    if (!source) throw new RangeError(`${run.label}: input ${i} is not bound`);
    const { block, offset } = source.place;
    const buffer = book.bufferOf(block, device.queue);
    if (!slot) return { buffer, offset };
    if (leaf.bytes > 0) encoder.copyBufferToBuffer(buffer, offset, slot, 0, leaf.bytes);
    return null;
  });
}

/** Settles the run's health and its reads, once the GPU has had its say. */
function finish(
  run: Run,
  { readings, done }: Submitted,
  {
    failures,
    uncaught,
  }: { failures: readonly Promise<Error | null>[]; uncaught: () => Error | null },
): void {
  const before = async (): Promise<Error | null> => {
    const errors = await Promise.all([...run.upstream, ...failures]);
    return errors.find((error) => error !== null) ?? null;
  };
  const known = failures.length + run.upstream.length > 0 ? before() : null;
  const health = async (): Promise<Error | null> => {
    await done;
    return (await known) ?? uncaught();
  };
  run.settle(health());
  for (const { readback, spec, index } of readings) {
    const read = run.outputs[index]?.read;
    const bring = async (): Promise<TypedArray> => {
      const bytes = await readback.map();
      // A failed submit still maps, as zeros: only the faults know.
      const error = (await known) ?? uncaught();
      if (error) throw error;
      return fromBytes(bytes, spec);
    };
    bring().then(read?.resolve, read?.reject);
  }
}

/** GPU words as the host array of a dtype. */
function fromBytes(bytes: Uint8Array<ArrayBuffer>, spec: Spec): TypedArray {
  if (spec.dtype === "float16") return floatsOfHalves(bytes, sizeOf(spec.shape));
  if (spec.dtype === "float32")
    return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  return spec.dtype === "int32" ? words : Uint8Array.from(words, (word) => (word ? 1 : 0));
}
