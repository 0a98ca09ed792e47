import type { Spec } from "../graph/spec.ts";
import type { Kernel } from "../kernels/dispatch.ts";

/** Memory that a dispatch binds. Offsets are multiples of 256 bytes. */
export interface MemoryRef {
  readonly kind: "leaf" | "slot" | "table";
  readonly index: number;
  readonly offset: number;
  readonly bytes: number;
}

/** One dispatch of a plan: everything but the GPU objects. */
export interface PlanDispatch {
  /** What it computes, with the scope path: `lstm_1/matMul`. */
  readonly label: string;
  readonly kernel: Kernel;
  /** In binding order from 2 on. */
  readonly bindings: readonly MemoryRef[];
  /** Byte offsets of its sizes in the plan block and of its words in the run block; -1: none. */
  readonly paramsOffset: number;
  readonly paramsBytes: number;
  readonly wordsOffset: number;
  readonly wordsBytes: number;
  readonly workgroups: readonly [number, number, number];
  readonly flops: number;
  readonly bytes: number;
  /** How the kernel was chosen; null where there was nothing to choose. */
  readonly note: string | null;
}

/** How an input gets in: bound where it lies, or copied into a slot of the plan before the pass. */
export interface PlanLeaf {
  readonly spec: Spec;
  readonly bytes: number;
  /** Slot that takes a copy; -1: bound directly. */
  readonly slot: number;
}

/** A value that leaves the plan. */
export interface PlanOutput {
  readonly memory: MemoryRef;
  readonly spec: Spec;
}

/** A value that becomes the content of the variable read by `leaf` (-1: of the write's own storage). */
export interface PlanWrite extends PlanOutput {
  readonly leaf: number;
  /** Already there: a kernel computed it in place. */
  readonly inPlace: boolean;
}

/** A program for the GPU: what to bind, in which order. Immutable; knows no device. */
export interface Plan {
  readonly key: string;
  readonly dispatches: readonly PlanDispatch[];
  readonly leaves: readonly PlanLeaf[];
  readonly outputs: readonly PlanOutput[];
  readonly writes: readonly PlanWrite[];
  /** Bytes of each scratch buffer; a slot is a whole buffer (never bound for reading and writing at once). */
  readonly slots: readonly number[];
  readonly tables: readonly Uint32Array[];
  /** Sizes of all kernels, written once. */
  readonly planBlock: Uint32Array;
  /** Words of all kernels; those named in `scalars` are filled in at each run. */
  readonly runBlock: Uint32Array;
  readonly scalars: readonly { readonly word: number; readonly scalar: number }[];
}

/** Inputs of at most this many bytes are copied into the plan, so that bind groups need not change. */
export const STAGED_BYTES = 64 * 1024;
