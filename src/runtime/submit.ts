import type { Plan, PlanDispatch } from "../compiler/plan.ts";
import type { Faults } from "../gpu/faults.ts";
import type { Readback, ReadbackPool } from "../gpu/readback.ts";
import type { SubmitGate } from "../gpu/submission.ts";
import type { TypedArray } from "../graph/dtype.ts";
import type { Spec } from "../graph/spec.ts";
import { specBytes } from "../graph/spec.ts";
import { toWords } from "./blocks.ts";
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
  range: readonly [number, number],
) => void;

/** The usual walker: everything in one pass. */
export const walkInOnePass: Walker = (encoder, instance, groups, range) => {
  const pass = encoder.beginComputePass();
  instance.encode(pass, groups, range);
  pass.end();
};

/** Encodes and submits one run; its plan's pipelines are ready. */
export function submitRun(run: Run, instance: PlanInstance, context: SubmitContext): void {
  const { faults, isOwned } = context;
  const isFirst = instance.runs++ === 0;
  const { ticket } = faults;
  // On the application's device only a scope tells our failures from those of the application.
  const isScoped = isFirst || !isOwned;
  const body = (): Submitted => encodeAndSubmit(run, instance, context);
  const { result, error } = isScoped ? faults.scope(run.label, body) : faults.gather(body);
  const uncaught = (): Error | null => faults.lost ?? (isOwned ? faults.since(ticket) : null);
  finish(run, result, { scoped: error, uncaught });
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

function encodeAndSubmit(run: Run, instance: PlanInstance, context: SubmitContext): Submitted {
  const { device, book, gate } = context;
  const { plan } = instance;
  const slots = instance.slotsNow();
  let encoder = device.createCommandEncoder({ label: run.label });
  const leaves = bindLeaves(run, { plan, slots }, { context, encoder });
  instance.writeScalars(run.scalars);
  const from = { slots, tables: [], leaves };
  const groups = plan.dispatches.length > 0 ? instance.bindGroups(leaves) : [];
  const parts = cutByCost(plan.dispatches, context.isSlow);
  parts.forEach((part, i) => {
    context.walk(encoder, instance, groups, part);
    if (i === parts.length - 1) return;
    gate.submit([encoder.finish()]);
    context.count("submits", 1);
    encoder = device.createCommandEncoder({ label: run.label });
  });
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
      const words = toWords(source.data);
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
  { scoped, uncaught }: { scoped: Promise<Error | null> | null; uncaught: () => Error | null },
): void {
  const before = async (): Promise<Error | null> => {
    const upstream = await Promise.all(run.upstream);
    return upstream.find((error) => error !== null) ?? (await scoped);
  };
  const known = scoped || run.upstream.length > 0 ? before() : null;
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
export function fromBytes(bytes: Uint8Array<ArrayBuffer>, spec: Spec): TypedArray {
  if (spec.dtype === "float32")
    return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  return spec.dtype === "int32" ? words : Uint8Array.from(words, (word) => (word ? 1 : 0));
}

/**
 * A submit should take about this long at most: the strictest watchdog known resets the device after two
 * seconds (Windows), browsers end their GPU process after ten.
 */
const SUBMIT_SECONDS = 0.5;
/** Pessimistic rates: a software adapter on two cores; the weakest GPU of the last ten years. */
const RATES = {
  slow: { flops: 3e9, bytes: 8e9 },
  usual: { flops: 1e11, bytes: 2e10 },
} as const;

/** Ranges of dispatches, each of a cost that one submit may have. The bits are the same either way. */
export function cutByCost(
  dispatches: readonly PlanDispatch[],
  isSlow: boolean,
): (readonly [number, number])[] {
  if (dispatches.length === 0) return [];
  const rate = isSlow ? RATES.slow : RATES.usual;
  const parts: (readonly [number, number])[] = [];
  let from = 0;
  let seconds = 0;
  dispatches.forEach((dispatch, i) => {
    const cost = dispatch.flops / rate.flops + dispatch.bytes / rate.bytes;
    if (i > from && seconds + cost > SUBMIT_SECONDS) {
      parts.push([from, i]);
      from = i;
      seconds = 0;
    }
    seconds += cost;
  });
  parts.push([from, dispatches.length]);
  return parts;
}
