import type { KernelSource } from "../gpu/kernel-source.ts";
import type { DeviceLimits } from "../gpu/limits.ts";
import type { DType } from "../graph/dtype.ts";
import type { Node } from "../graph/node.ts";
import type { KernelOptions } from "./kernel-options.ts";

/**
 * A compute shader as the pipeline cache wants it. Bindings of group 0 are numbered alike in every kernel:
 *
 *   0   `params`  the kernel's own sizes, written once when the plan is made
 *   1   `words`   run-time scalars and the sizes of fused expressions, written once a run
 *   2…  tensors, in the order of `Dispatch.bindings`
 */
export type Kernel = KernelSource;

/** A buffer of a dispatch, named symbolically; the compiler decides which memory it is. */
export type SlotRef =
  /** With `list`, the whole range of the colocated list that begins at `index`. */
  | { readonly kind: "input"; readonly index: number; readonly list?: true }
  | { readonly kind: "output"; readonly index: number; readonly list?: true }
  /**
   * Memory that lives only inside this lowering; sizes in `Lowered.scratch`. From byte `offset` on, a multiple of
   * 256; default 0.
   */
  | { readonly kind: "scratch"; readonly index: number; readonly offset?: number }
  /** Constant words, in `Lowered.tables`. */
  | { readonly kind: "table"; readonly index: number }
  /** The `index`-th buffer that a fused epilogue reads. */
  | { readonly kind: "extra"; readonly index: number };

export const input = (index: number): SlotRef => ({ kind: "input", index });
export const output = (index: number): SlotRef => ({ kind: "output", index });
export const scratch = (index: number): SlotRef => ({ kind: "scratch", index });
export const table = (index: number): SlotRef => ({ kind: "table", index });

/** Contents of binding 1: fixed words, some of which take a scalar's value at each run. */
export interface Words {
  readonly fixed: Uint32Array;
  /** Word `word` takes the value of scalar number `scalar` (of the node, or of the fused expression). */
  readonly scalars: readonly { readonly word: number; readonly scalar: number }[];
  /** Inside a scan word `word` grows by `by` with each step. */
  readonly stepped: readonly { readonly word: number; readonly by: number }[];
}

/** One dispatch with symbolic buffers. */
export interface Dispatch {
  /** What it is called in profiles. Default: the name of its step. */
  readonly label?: string;
  readonly kernel: Kernel;
  readonly bindings: readonly SlotRef[];
  readonly params?: Uint32Array;
  readonly words?: Words;
  readonly workgroups: readonly [number, number, number];
  /** Floating-point operations and bytes moved: the profile's figures and the watchdog's estimate. */
  readonly flops: number;
  readonly bytes: number;
  /** For people who ask what will run: how it was chosen. */
  readonly note?: string;
}

/** What an op turns into. */
export interface Lowered {
  readonly dispatches: readonly Dispatch[];
  /** Bytes of each scratch buffer. */
  readonly scratch?: readonly number[];
  readonly tables?: readonly Uint32Array[];
}

/**
 * Elementwise work that the compiler hangs on a kernel's result: the kernel calls
 * `epilogue(value, index)` for each element it stores, where `index` is the flat index in the output.
 */
export interface Epilogue {
  /** What the kernel then stores. */
  readonly dtype: DType;
  /** WGSL of `fn epilogue(value: f32, index: u32) -> <store type>` and its bindings from `firstBinding`. */
  readonly emit: (firstBinding: number) => string;
  /** Letters to append to the kernel's layout and slots to append to its bindings. */
  readonly layout: string;
  readonly bindings: readonly SlotRef[];
  readonly words: Words;
  readonly flopsPerElement: number;
}

/** What kernels may know about the device. */
export interface KernelTarget {
  readonly limits: DeviceLimits;
  /** Whether shaders may read and write float16. Default: not. */
  readonly hasHalf?: boolean;
  readonly options: KernelOptions;
}

/** What a `kernel` op's `lower` gets. */
export interface LowerContext extends KernelTarget {
  readonly node: Node;
  /** Which outputs somebody uses; a kernel neither computes nor stores the others where it can help it. */
  readonly needed: readonly boolean[];
  readonly epilogue: Epilogue | null;
}

/**
 * `value` as one word: u32, or i32 where it is negative.
 * @throws {RangeError} for any other number: it would reach the kernel as a wrong one.
 */
export function wordOf(value: number): number {
  if (Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 32) return value >>> 0;
  throw new RangeError(`${value} does not fit into a word of 32 bits`);
}

/** Words of a `params` struct in declaration order: whole numbers as u32 (negative: i32 bits), or f32. */
export function paramWords(values: readonly (number | { readonly f32: number })[]): Uint32Array {
  const words = new Uint32Array(Math.ceil(values.length / 4) * 4);
  const floats = new Float32Array(words.buffer);
  values.forEach((value, i) => {
    if (typeof value === "number") words[i] = wordOf(value);
    else floats[i] = value.f32;
  });
  return words;
}
