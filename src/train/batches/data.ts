import { ArgumentError, ShapeError } from "../../errors.ts";
import { formatShape, type Shape } from "../../graph/shape.ts";
import { formatLayerShape, type LayerShape } from "../../layers/layer-shape.ts";
import { ops } from "../../ops/index.ts";
import { tensor as makeTensor, Tensor, type TensorLike, toTensor } from "../../tensor/index.ts";
import type { Batch } from "../objective.ts";

/** Data of a model: one tensor, a list in the order of inputs or outputs, or an object by their names. */
export type ModelData = TensorLike | readonly TensorLike[] | Readonly<Record<string, TensorLike>>;

/**
 * Factors of the losses of the samples: [B], or [B, T] for each step; for all outputs alike, or, for a model of several
 * outputs, a list in their order or an object by their names (null: all count 1).
 */
export type SampleWeight =
  | TensorLike
  | readonly (TensorLike | null)[]
  | Readonly<Record<string, TensorLike | null>>;

/** Data as the verbs of a model take them. */
export interface DataArguments {
  readonly x: ModelData;
  readonly y: ModelData;
  readonly sampleWeight?: SampleWeight | null | undefined;
}

/** A batch that fits the model, and its number of samples. */
export interface PreparedBatch {
  readonly batch: Batch;
  readonly rows: number;
}

/** An input or output of a model, as data has to look. */
export interface Port {
  readonly name: string;
  /** Batch first; null takes any size. Null as a whole: not known, nothing is checked. */
  readonly shape: LayerShape | null;
}

/**
 * The tensors of `data` in the order of `ports`.
 * @throws {ArgumentError} when their number or names are wrong; {ShapeError} when a shape is.
 */
export function tensorsFor(label: string, data: ModelData, ports: readonly Port[]): Tensor[] {
  return itemsFor(label, data, ports).map((item, i) => {
    const port = ports[i];
    const tensor = toTensor(item, label);
    if (port !== undefined) checkShape(label, tensor.shape, port);
    return tensor;
  });
}

/** Number of samples, the same in all tensors. */
export function countRows(label: string, batch: Batch): number {
  const parts = [
    ...batch.inputs.map((tensor) => ["x", tensor] as const),
    ...batch.labels.map((tensor) => ["y", tensor] as const),
    ...batch.weights.map((tensor) => ["sampleWeight", tensor] as const),
  ];
  const rows = parts[0]?.[1].shape[0] ?? 0;
  const other = parts.find(([, tensor]) => tensor.shape[0] !== rows);
  if (other !== undefined) {
    throw new ShapeError(
      `${label}: x has ${rows} samples, but ${other[0]} has ${other[1].shape[0] ?? "none"} ` +
        `(shape ${formatShape(other[1].shape)}). Expected as many of each.`,
    );
  }
  if (rows === 0) throw new ArgumentError(`${label}: received no samples. Expected at least one.`);
  return rows;
}

/**
 * Samples `start` to `start + count` of a tensor. Host data stays on the host until its batch runs.
 */
export function rowsOf(tensor: Tensor, start: number, count: number): Tensor {
  if (start === 0 && tensor.shape[0] === count) return Tensor.of(tensor.value);
  const { source } = tensor.value.node;
  const shape = [count, ...tensor.shape.slice(1)];
  if (source?.kind === "host") {
    const width = tensor.size / (tensor.shape[0] ?? 1);
    const part = source.data.subarray(start * width, (start + count) * width);
    return makeTensor(part, shape, tensor.dtype);
  }
  const begin = shape.map((_, axis) => (axis === 0 ? start : 0));
  return Tensor.of(ops.slice(tensor.value, begin, shape));
}

/** All tensors of a batch. */
export function batchTensors({ inputs, labels, weights }: Batch): Tensor[] {
  return [...inputs, ...labels, ...weights];
}

/** The batch with each tensor replaced; `part` names it: x0, y0, sampleWeight. */
export function mapBatch(
  { inputs, labels, weights, weighedBy }: Batch,
  replace: (one: Tensor, part: string) => Tensor,
): Batch {
  return {
    inputs: inputs.map((one, i) => replace(one, `x${i}`)),
    labels: labels.map((one, i) => replace(one, `y${i}`)),
    weights: weights.map((one, i) => replace(one, `sampleWeight${i}`)),
    weighedBy,
  };
}

function itemsFor(label: string, data: ModelData, ports: readonly Port[]): readonly TensorLike[] {
  const names = ports.map((port) => port.name).join(", ");
  if (data === undefined || data === null) {
    throw new ArgumentError(`${label}: received ${String(data)}. Expected data for ${names}.`);
  }
  checkIsData(label, data, names);
  if (isByName(data)) {
    return ports.map(({ name }) => {
      const item = data[name];
      if (item === undefined) {
        throw new ArgumentError(
          `${label}: has no data for "${name}", only for ${Object.keys(data).join(", ")}. Expected ${names}.`,
        );
      }
      return item;
    });
  }
  const isList = Array.isArray(data) && data[0] instanceof Tensor;
  if (!isList && ports.length === 1) return [data as TensorLike];
  if (Array.isArray(data) && data.length === ports.length) return data as readonly TensorLike[];
  throw new ArgumentError(
    `${label}: received ${Array.isArray(data) ? `a list of ${data.length}` : "one tensor"}. Expected ` +
      `${ports.length}: ${names}.`,
  );
}

/** What gives data later, or piece by piece, is no data: the message says what takes it. */
function checkIsData(label: string, data: unknown, names: string): void {
  if (data instanceof Promise) {
    throw new ArgumentError(`${label}: received a Promise. Expected data for ${names}: await it.`);
  }
  const isGiver =
    typeof data === "function" ||
    (typeof data === "object" && data !== null && Symbol.asyncIterator in data);
  if (!isGiver) return;
  throw new ArgumentError(
    `${label}: received a data set. Expected data for ${names}: tensors or arrays. Data sets go to fitDataset() and ` +
      "evaluateDataset().",
  );
}

/** Whether data comes as an object by the names of inputs or outputs. */
export function isByName(data: ModelData): data is Readonly<Record<string, TensorLike>> {
  return (
    typeof data === "object" &&
    !Array.isArray(data) &&
    !ArrayBuffer.isView(data) &&
    !(data instanceof Tensor)
  );
}

function checkShape(label: string, shape: Shape, port: Port): void {
  const { name, shape: expected } = port;
  if (expected === null) {
    if (shape.length > 0) return;
    throw new ShapeError(`${label}: received a scalar. Expected samples along the first axis.`);
  }
  const fits =
    shape.length === expected.length &&
    expected.every((dim, axis) => axis === 0 || dim === null || dim === shape[axis]);
  if (fits) return;
  throw new ShapeError(
    `${label}: received shape ${formatShape(shape)}, expected ${formatLayerShape(expected)} for ` +
      `"${name}" (samples first; null takes any size).${rankAdvice(shape, expected)}`,
    { details: { received: shape, expected, name } },
  );
}

function rankAdvice(shape: Shape, expected: LayerShape): string {
  const isBare = shape.length === expected.length - 1;
  const last = expected[expected.length - 1];
  if (isBare && last === 1) return " Add the last axis: x.expandDims(-1).";
  if (isBare && shape[0] === expected[1])
    return " One sample still needs the first axis: x.expandDims(0).";
  return "";
}
