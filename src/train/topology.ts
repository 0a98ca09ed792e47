import { ArgumentError, FormatError } from "../errors.ts";
import type { DType } from "../graph/dtype.ts";
import type { AnyLayer } from "../layers/layer.ts";
import { Layer } from "../layers/layer.ts";
import type { LayerShape } from "../layers/layer-shape.ts";
import { deserializeLayer, serializeLayer } from "../layers/serialize.ts";
import { asList, type LayerNode, SymbolicTensor } from "../layers/symbolic.ts";
import type { Serialized } from "../names/class-registry.ts";
import { describeValue } from "../names/describe.ts";

/** A symbolic tensor in a description: `[-1, i]` is input i of the model, `[n, i]` is output i of application n. */
type Reference = readonly [node: number, index: number];

/** One application of a layer. */
interface NodeRecord {
  readonly layer: string;
  readonly inputs: Reference | readonly Reference[];
  /** Arguments of the call; symbolic tensors among them as `{ symbol: [n, i] }`. */
  readonly kwargs: Readonly<Record<string, unknown>>;
}

/** A graph of layers as plain data. */
export interface Topology {
  readonly inputs: readonly { name: string; shape: LayerShape; dtype: DType }[];
  readonly layers: readonly Serialized[];
  /** In the order of the computation. */
  readonly nodes: readonly NodeRecord[];
  readonly outputs: Reference | readonly Reference[];
}

/** A graph of layers. */
export interface LayerGraph {
  readonly inputs: readonly SymbolicTensor[];
  readonly outputs: SymbolicTensor | readonly SymbolicTensor[];
  readonly nodes: readonly LayerNode[];
}

/**
 * Writes a graph down.
 * @throws {ArgumentError} for an argument of a call that is no plain data.
 */
export function describeGraph(label: string, graph: LayerGraph): Topology {
  const references = new Map<SymbolicTensor, Reference>();
  graph.inputs.forEach((input, i) => {
    references.set(input, [-1, i]);
  });
  graph.nodes.forEach((node, n) => {
    node.outputs.forEach((output, i) => {
      references.set(output, [n, i]);
    });
  });
  const refer = (symbol: SymbolicTensor): Reference => {
    const reference = references.get(symbol);
    if (reference === undefined) throw new RangeError(`${label}: "${symbol.name}" has no place`);
    return reference;
  };
  const referAll = (
    symbols: SymbolicTensor | readonly SymbolicTensor[],
  ): Reference | readonly Reference[] =>
    symbols instanceof SymbolicTensor ? refer(symbols) : symbols.map(refer);
  const nodes = graph.nodes.map(({ layer, inputs, kwargs }): NodeRecord => {
    const argument = (value: unknown): unknown => plain(`${label}: ${layer.name}`, value, refer);
    const entries = Object.entries(kwargs).map(([key, value]) => [key, argument(value)]);
    return { layer: layer.name, inputs: referAll(inputs), kwargs: Object.fromEntries(entries) };
  });
  const layers = [...new Set(graph.nodes.map(({ layer }) => layer))];
  return {
    inputs: graph.inputs.map(({ name, shape, dtype }) => ({ name, shape, dtype })),
    layers: layers.filter((one): one is AnyLayer => one instanceof Layer).map(serializeLayer),
    nodes,
    outputs: referAll(graph.outputs),
  };
}

/**
 * Makes the graph that `describeGraph` wrote down, with new layers.
 * @throws {FormatError} for a description that does not hold together.
 */
export function buildGraph(label: string, topology: Topology): Omit<LayerGraph, "nodes"> {
  const layers = new Map(
    listOf<Serialized>(label, topology, "layers").map((described) => {
      const layer = deserializeLayer(described);
      return [layer.name, layer];
    }),
  );
  const inputs = listOf<Topology["inputs"][number]>(label, topology, "inputs").map(
    ({ name, shape, dtype }) => new SymbolicTensor({ name, shape, dtype }),
  );
  const made: (readonly SymbolicTensor[])[] = [];
  const resolve = (reference: unknown): SymbolicTensor => {
    const [node, index] = Array.isArray(reference) ? reference : [];
    const found = node === -1 ? inputs[index] : made[node]?.[index];
    if (found !== undefined) return found;
    throw new FormatError(
      `${label}: the reference ${describeValue(reference)} leads nowhere. Expected [-1, i] for an input, or [n, i] for ` +
        "an output of an earlier node.",
    );
  };
  const resolveAll = (references: unknown): SymbolicTensor | readonly SymbolicTensor[] =>
    isReference(references) ? resolve(references) : (references as unknown[]).map(resolve);
  for (const node of listOf<NodeRecord>(label, topology, "nodes")) {
    const layer = layers.get(node.layer);
    if (layer === undefined) {
      throw new FormatError(
        `${label}: a node names the layer "${node.layer}", which is not there.`,
      );
    }
    const entries = Object.entries(node.kwargs ?? {});
    const kwargs = Object.fromEntries(entries.map(([key, value]) => [key, filled(value, resolve)]));
    made.push(asList(layer.apply(resolveAll(node.inputs), kwargs)));
  }
  return { inputs, outputs: resolveAll(topology.outputs) };
}

function isReference(value: unknown): boolean {
  return Array.isArray(value) && typeof value[0] === "number";
}

function listOf<T>(label: string, topology: Topology, key: keyof Topology): readonly T[] {
  const list: unknown = topology[key];
  if (Array.isArray(list)) return list;
  throw new FormatError(`${label}: received ${describeValue(list)} as ${key}. Expected a list.`);
}

/** An argument as plain data. */
function plain(
  label: string,
  value: unknown,
  refer: (symbol: SymbolicTensor) => Reference,
): unknown {
  if (value instanceof SymbolicTensor) return { symbol: refer(value) };
  if (Array.isArray(value)) return value.map((one) => plain(label, one, refer));
  if (value === null || ["undefined", "number", "string", "boolean"].includes(typeof value)) {
    return value;
  }
  throw new ArgumentError(
    `${label}: an argument of its call (${describeValue(value)}) cannot be written down. Expected numbers, texts, ` +
      "booleans and symbolic tensors; give constants as weights of a layer, or as inputs.",
  );
}

/** The argument that plain data stands for. */
function filled(value: unknown, resolve: (reference: unknown) => SymbolicTensor): unknown {
  if (Array.isArray(value)) return value.map((one) => filled(one, resolve));
  if (typeof value !== "object" || value === null) return value;
  return resolve((value as { symbol?: unknown }).symbol);
}
