import { SluiceError, TraceError } from "../errors.ts";
import type { HostScalar } from "../graph/host-scalar.ts";
import type { ScanBody } from "../graph/node.ts";
import { currentSource, Node, type Source, type Value } from "../graph/node.ts";
import { bodyNodes, bodyParameters } from "../graph/scan-body.ts";
import { formatSpec } from "../graph/spec.ts";
import type { Storage } from "../graph/storage.ts";
import { topologicalOrder } from "../graph/traverse.ts";

/** A buffer from outside the plan, in the order of first use. */
export interface Leaf {
  /** A value without a history: what was computed and kept looks like any other input from here on. */
  readonly value: Value;
  readonly source: Source;
  /** Where it lies, if it is a variable. */
  readonly place: Place | null;
}

/** What a plan computes: values to hand out, and values to store into variables. */
export interface Request {
  readonly outputs: readonly Value[];
  readonly writes: readonly { readonly storage: Storage; readonly value: Value }[];
  /**
   * Where values lie that are not computed again. Default: where `Value.kept` says. A graph that is run for
   * long says it itself, because what is kept for others may end.
   */
  readonly kept?: ReadonlyMap<Value, Source>;
}

/** A graph with names taken out: two graphs with equal keys run by the same plan. */
export interface Canonical {
  readonly key: string;
  readonly nodes: readonly Node[];
  readonly leaves: readonly Leaf[];
  readonly scalars: readonly HostScalar[];
  /** The leaf of each leaf value; equal sources share one. */
  readonly leafOf: ReadonlyMap<Value, number>;
  /** For each write, the leaf that reads the same variable, or -1. */
  readonly writeLeaves: readonly number[];
}

/** Identity of a buffer, and byte offset in it. */
export interface Place {
  readonly buffer: number;
  readonly offset: number;
}

/** Where a variable's memory lies. Part of the key. */
export type Placement = (storage: Storage) => Place;

/**
 * Numbers leaves, scalars and nodes by first use and writes the whole structure down as text. The full
 * text is the key, never a hash of it: a collision would be a wrong result.
 */
export function canonicalize(request: Request, placement: Placement): Canonical {
  const roots = [...request.outputs, ...request.writes.map((write) => write.value)];
  const keptOf = keptIn(request);
  const nodes = topologicalOrder(roots, { isLeaf: (value) => keptOf(value) !== null });
  const builder = new KeyBuilder(placement, keptOf);
  for (const node of nodes) builder.addNode(node);
  const outputs = request.outputs.map((value) => builder.nameOf(value));
  const writeLeaves = request.writes.map(({ storage }) => builder.leafOfStorage(storage));
  const writes = request.writes.map(
    ({ value }, i) => `${builder.nameOf(value)}>${writeLeaves[i] ?? -1}`,
  );
  builder.lines.push(`out ${outputs.join()}`, `write ${writes.join()}`);
  return {
    key: builder.lines.join("\n"),
    nodes,
    leaves: builder.leaves,
    scalars: [...builder.scalars.keys()],
    leafOf: builder.leafOf,
    writeLeaves,
  };
}

/**
 * From a value to the leaf that it is in the plan. What was kept since the graph was queued is none: only the canonical
 * form says what is.
 */
export function leafIn({ leaves, leafOf }: Canonical): (value: Value) => Value | undefined {
  return (value) => leaves[leafOf.get(value) ?? -1]?.value;
}

function keptIn({ kept }: Request): (value: Value) => Source | null {
  return kept ? (value) => kept.get(value) ?? null : (value) => value.kept;
}

class KeyBuilder {
  readonly lines: string[] = [];
  readonly leaves: Leaf[] = [];
  readonly leafOf = new Map<Value, number>();
  readonly scalars = new Map<HostScalar, number>();
  readonly #placement: Placement;
  readonly #keptOf: (value: Value) => Source | null;
  readonly #nodes = new Map<Node, number>();
  readonly #storages = new Map<Storage, number>();
  readonly #buffers = new Map<number, number>();
  readonly #copies = new Map<number, number>();

  constructor(placement: Placement, keptOf: (value: Value) => Source | null) {
    this.#placement = placement;
    this.#keptOf = keptOf;
  }

  addNode(node: Node): void {
    if (node.source) {
      for (const output of node.outputs) this.#addLeaf(output, node.source);
      return;
    }
    if (node.op === "mark") throw strayMark();
    const text = this.#textOf(node, (value) => this.nameOf(value));
    this.#nodes.set(node, this.#nodes.size);
    this.lines.push(text);
  }

  #textOf(node: Node, nameOf: (value: Value) => string): string {
    const inputs = node.inputs.map(nameOf).join();
    const scalars = node.scalars.map((scalar) => this.#numberOf(scalar)).join();
    const outputs = node.outputs.map((value) => formatSpec(value.spec)).join();
    const body = node.body ? this.#bodyText(node.body) : "";
    const copy = node.copy === 0 ? "" : `#${this.#copyNumber(node.copy)}`;
    return `${node.op}${copy}(${inputs})${attributesText(node)}[${scalars}]${body}${outputs}`;
  }

  /** A body stands in the key as a graph with names of its own. */
  #bodyText(body: ScanBody): string {
    const parameters = new Map(bodyParameters(body).map((value, i) => [value, `P${i}`]));
    const numbers = new Map<Node, number>();
    const nameOf = (value: Value): string =>
      parameters.get(value) ?? `${numbers.get(value.node) ?? "?"}.${value.index}`;
    const lines = bodyNodes(body).map((node) => {
      if (node.op === "mark") throw strayMark();
      if (node.source) throw new SluiceError("internal", "a scan reads what it did not capture.");
      const text = this.#textOf(node, nameOf);
      numbers.set(node, numbers.size);
      return text;
    });
    const { length, reverse, xs, next, ys } = body;
    const axes = xs.map(({ axis }) => axis).join();
    const stacks = ys.map(({ value, axis }) => `${nameOf(value)}@${axis}`).join();
    const head = `${reverse ? "-" : ""}${length}/${body.carries.length}/${axes}/${body.axis}`;
    return `{${head}\n${lines.join("\n")}\n${next.map(nameOf).join()}>${stacks}}`;
  }

  /** A short name of a value: a leaf, or a node and the index of its output. */
  nameOf(value: Value): string {
    const leaf = this.leafOf.get(value);
    if (leaf !== undefined) return `L${leaf}`;
    const kept = this.#keptOf(value);
    if (kept) return `L${this.#addLeaf(value, kept)}`;
    return `${this.#nodes.get(value.node) ?? "?"}.${value.index}`;
  }

  leafOfStorage(storage: Storage): number {
    return this.#storages.get(storage) ?? -1;
  }

  #addLeaf(value: Value, from: Source): number {
    const source = currentSource(from);
    const known = source.kind === "storage" ? this.#storages.get(source.storage) : undefined;
    if (known !== undefined) {
      this.leafOf.set(value, known);
      return known;
    }
    const index = this.leaves.length;
    const opaque = value.node.source
      ? value
      : new Node("source", [], { outputs: [value.spec], source }).outputs[0];
    const isVariable = source.kind === "storage" && source.storage.kind === "variable";
    const place = isVariable ? this.#placement(source.storage) : null;
    this.leaves.push({ value: opaque ?? value, source, place });
    this.leafOf.set(value, index);
    let name: string = source.kind;
    if (source.kind === "argument") name = source.staged ? "staged" : "bound";
    if (source.kind === "storage") {
      this.#storages.set(source.storage, index);
      name = place ? `variable ${this.#bufferNumber(place)}+${place.offset}` : source.storage.kind;
    }
    this.lines.push(`L${index} ${name} ${formatSpec(value.spec)}`);
    return index;
  }

  /** Buffers are named by their order in the plan: only which leaves share one matters. */
  #bufferNumber({ buffer }: Place): number {
    const number = this.#buffers.get(buffer) ?? this.#buffers.size;
    this.#buffers.set(buffer, number);
    return number;
  }

  #copyNumber(copy: number): number {
    const number = this.#copies.get(copy) ?? this.#copies.size;
    this.#copies.set(copy, number);
    return number;
  }

  #numberOf(scalar: HostScalar): number {
    let number = this.scalars.get(scalar);
    if (number === undefined) {
      number = this.scalars.size;
      this.scalars.set(scalar, number);
    }
    return number;
  }
}

function strayMark(): TraceError {
  return new TraceError(
    "A tensor from inside a scan was used outside of it, where it has no value. Expected the body to hand out what " +
      "is wanted outside: as a carry, or as the second item of what it gives, [carry, y].",
  );
}

const NO_ATTRIBUTES = "{}";

/** A node's attributes as text that tells any two apart. */
export function attributesText(node: Node): string {
  const text = JSON.stringify(node.attributes, (_, value: unknown) =>
    // JSON would turn all three into null, and -0 into 0.
    typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0))
      ? `#${Object.is(value, -0) ? "-0" : value}`
      : value,
  );
  return text === NO_ATTRIBUTES ? "" : text;
}
