import type { TypedArray } from "./dtype.ts";
import type { HostScalar } from "./host-scalar.ts";
import type { Spec } from "./spec.ts";
import type { Storage } from "./storage.ts";

/** Plain data that is part of a node's identity (and of the plan key). */
export type Attribute = string | number | boolean | null | undefined | readonly Attribute[];
export type Attributes = Readonly<Record<string, Attribute>>;

/** Where a leaf's data comes from. */
export type Source =
  /** GPU memory, as it was at `version`. */
  | { readonly kind: "storage"; readonly storage: Storage; readonly version: number }
  /** Host data, copied when the leaf was made. */
  | { readonly kind: "host"; readonly data: TypedArray }
  /** The `index`-th argument of a compiled function; `staged` ones are copied into the plan's own memory. */
  | { readonly kind: "argument"; readonly index: number; readonly staged: boolean };

/** The source as it is now: a storage may have been brought to the host to make room. */
export function currentSource(source: Source): Source {
  if (source.kind !== "storage" || source.storage.host === null) return source;
  return { kind: "host", data: source.storage.host };
}

/** What a node may carry besides operation, inputs and attributes. */
export interface NodeExtras {
  readonly scalars?: readonly HostScalar[];
  readonly source?: Source;
  /** Path of names the node was recorded under, e.g. `lstm_1/kernel`; for late errors. */
  readonly scope?: string;
  /** A closure that only autograd calls (`customGrad`); no part of the forward value or its key. */
  readonly customGradient?: CustomGradient;
  /** Of a `scan`: the graph of one step. */
  readonly body?: ScanBody | undefined;
  /** Of a `recompute`: the values that its block begins with; its inputs are those that the block ends in. */
  readonly starts?: readonly Value[] | undefined;
  /** Of what is computed again: the number of the copy that it belongs to. Default 0, the first computation. */
  readonly copy?: number;
}

/** Gradients of a `customGrad` call: one per differentiable input, given the gradient of its value. */
export type CustomGradient = (dy: Value) => readonly Value[];

/**
 * One step of a `scan` node, as a graph of its own. It stands on marks, values that no node computes, for what changes
 * from step to step, and on captures, which are the same at every step.
 *
 * The node's inputs are: what each carry begins with, the sequences of `xs`, the captures. Its outputs are: each carry
 * after the last step, each of `ys` stacked, and each carry as it was before every step, stacked along `axis` (for
 * the gradient; nobody computes them unless they are used).
 */
export interface ScanBody {
  readonly id: number;
  /** Number of steps, at least 1. */
  readonly length: number;
  /** The last piece of the sequences comes first. */
  readonly reverse: boolean;
  /** Marks: each carry before the step. */
  readonly carries: readonly Value[];
  /** Marks: the piece of each sequence that belongs to the step. */
  readonly xs: readonly { readonly mark: Value; readonly axis: number }[];
  /** Values from outside; in the body they stand for themselves. */
  readonly captures: readonly Value[];
  /** Each carry after the step. */
  readonly next: readonly Value[];
  /** Values that are stacked along a new `axis`. */
  readonly ys: readonly { readonly value: Value; readonly axis: number }[];
  /** Where carries before every step are stacked, or at their last place if they have fewer axes. */
  readonly axis: number;
}

let nextId = 1;

/** The id of the next node: what is recorded from now on has ids from here. */
export function nextNodeId(): number {
  return nextId;
}

/** One recorded operation: immutable, allocates nothing, runs nothing. */
export class Node {
  /** Ascending in the order of recording; inputs always have smaller ids. */
  readonly id = nextId++;
  readonly op: string;
  readonly inputs: readonly Value[];
  readonly attributes: Attributes;
  readonly scalars: readonly HostScalar[];
  readonly outputs: readonly Value[];
  readonly source: Source | undefined;
  readonly scope: string;
  readonly customGradient: CustomGradient | undefined;
  readonly body: ScanBody | undefined;
  readonly starts: readonly Value[] | undefined;
  readonly copy: number;

  constructor(
    op: string,
    inputs: readonly Value[],
    options: { attributes?: Attributes; outputs: readonly Spec[] } & NodeExtras,
  ) {
    this.op = op;
    this.inputs = inputs;
    this.attributes = options.attributes ?? {};
    this.scalars = options.scalars ?? [];
    this.source = options.source;
    this.scope = options.scope ?? "";
    this.customGradient = options.customGradient;
    this.body = options.body;
    this.starts = options.starts;
    this.copy = options.copy ?? 0;
    this.outputs = options.outputs.map((spec, index) => new Value(this, index, spec));
  }
}

/** One output of a node. */
export class Value {
  readonly node: Node;
  readonly index: number;
  readonly spec: Spec;
  /** Set once the value has been computed and kept: later graphs read this instead of recomputing. */
  kept: Source | null = null;

  constructor(node: Node, index: number, spec: Spec) {
    this.node = node;
    this.index = index;
    this.spec = spec;
  }

  get shape(): Spec["shape"] {
    return this.spec.shape;
  }

  get dtype(): Spec["dtype"] {
    return this.spec.dtype;
  }
}
