import { ArgumentError, DTypeError, ShapeError } from "../errors.ts";
import type { DType } from "../graph/dtype.ts";
import { formatShape, type Shape, shapesEqual, sizeOf } from "../graph/shape.ts";
import { describeValue } from "../names/describe.ts";
import { isPlainObject } from "../names/plain-object.ts";
import { stack, Tensor } from "../tensor/index.ts";
import { flatten, isTypedArray } from "../tensor/nested.ts";
import { emptyArray, hostDataOf, hostTensor } from "./host-tensor.ts";

/** One element of a batch, or what it has under one key. */
interface Part {
  readonly shape: Shape;
  readonly dtype: DType;
  /** Row-major elements; null for a tensor that the GPU has. */
  readonly values: ArrayLike<number> | null;
}

/**
 * Elements of one structure, stacked along a new first axis: one tensor, or the structure with a tensor for each of
 * its parts. Host data is stacked on the host.
 *
 * @param first Position of `rows[0]` in the dataset, for messages.
 * @throws {ShapeError} when shapes or keys differ; {DTypeError} for what is no number, and when kinds differ.
 */
export function collate(rows: readonly unknown[], first: number, path = ""): unknown {
  const [example] = rows;
  if (!isStructure(example)) return stackParts(rows, first, path);
  if (Array.isArray(example)) {
    return example.map((_, i) =>
      collate(columnOf(rows, first, { path, key: i }), first, `${path}[${i}]`),
    );
  }
  const keys = Object.keys(example);
  return Object.fromEntries(
    keys.map((key) => {
      const inner = path === "" ? key : `${path}.${key}`;
      return [key, collate(columnOf(rows, first, { path, key, keys }), first, inner)];
    }),
  );
}

/** Objects, and lists that hold objects, tensors or typed arrays; nested lists of numbers are no structure. */
function isStructure(value: unknown): value is Readonly<Record<string, unknown>> | unknown[] {
  if (Array.isArray(value)) {
    return value.some((one) => one instanceof Tensor || isTypedArray(one) || isStructure(one));
  }
  return isPlainObject(value);
}

/** What each row has under a key. */
function columnOf(
  rows: readonly unknown[],
  first: number,
  { path, key, keys }: { path: string; key: string | number; keys?: readonly string[] },
): unknown[] {
  const [example] = rows;
  return rows.map((row, i) => {
    const isList = Array.isArray(example);
    const isSame = isStructure(row) && Array.isArray(row) === isList;
    if (isSame && isList && row.length === example.length) return (row as unknown[])[Number(key)];
    if (isSame && !isList && haveSameKeys(row, keys ?? [])) {
      return (row as Readonly<Record<string, unknown>>)[key];
    }
    throw new ShapeError(
      `batch: element ${first + i}${under(path)} is ${describeValue(row)}, but element ${first} is ` +
        `${describeValue(example)}. Expected the same keys in all elements of a batch.`,
      { details: { element: first + i, path } },
    );
  });
}

function haveSameKeys(row: object, keys: readonly string[]): boolean {
  return Object.keys(row).length === keys.length && keys.every((key) => Object.hasOwn(row, key));
}

function stackParts(rows: readonly unknown[], first: number, path: string): Tensor {
  const parts = rows.map((row, i) => partOf(row, `batch: element ${first + i}${under(path)}`));
  const [example] = parts;
  if (example === undefined) throw new ArgumentError("batch: there are no elements to stack.");
  parts.forEach((part, i) => {
    checkAlike(part, example, { here: `element ${first + i}`, there: `element ${first}`, path });
  });
  const { shape, dtype } = example;
  if (parts.some((part) => part.values === null)) return stack(rows as readonly Tensor[]);
  const size = sizeOf(shape);
  const data = emptyArray(dtype, size * parts.length);
  parts.forEach((part, i) => {
    if (part.values !== null) data.set(part.values, i * size);
  });
  return hostTensor(data, [parts.length, ...shape], dtype);
}

function checkAlike(
  part: Part,
  example: Part,
  { here, there, path }: { here: string; there: string; path: string },
): void {
  if (!shapesEqual(part.shape, example.shape)) {
    throw new ShapeError(
      `batch: ${here}${under(path)} has shape ${formatShape(part.shape)}, but ${there} has ` +
        `${formatShape(example.shape)}. Expected one shape in a batch; pad with data.padSequences, or cut with map().`,
      { details: { path, received: part.shape, expected: example.shape } },
    );
  }
  if (part.dtype !== example.dtype) {
    throw new DTypeError(
      `batch: ${here}${under(path)} is ${part.dtype}, but ${there} is ${example.dtype}. Expected one kind of ` +
        "numbers in a batch; convert them with map().",
      { details: { path, received: part.dtype, expected: example.dtype } },
    );
  }
}

/** @param label Where it stands: `batch: element 3 under "xs"`. */
function partOf(value: unknown, label: string): Part {
  if (typeof value === "number") return { shape: [], dtype: "float32", values: [value] };
  if (typeof value === "boolean") return { shape: [], dtype: "bool", values: [Number(value)] };
  if (value instanceof Tensor) {
    return { shape: value.shape, dtype: value.dtype, values: hostDataOf(value) };
  }
  if (isTypedArray(value) && !(value instanceof BigInt64Array || value instanceof BigUint64Array)) {
    const dtype = value instanceof Int32Array ? "int32" : "float32";
    return { shape: [value.length], dtype, values: value };
  }
  if (!Array.isArray(value)) {
    const advice =
      typeof value === "string"
        ? "turn text into numbers first, with map() and a vocabulary"
        : "fill or filter() what is missing";
    throw new DTypeError(
      `${label} is ${describeValue(value)}. Expected a number, a tensor or (nested) arrays of numbers; ${advice}.`,
    );
  }
  return partOfNested(value, label);
}

function partOfNested(value: readonly unknown[], label: string): Part {
  const { shape, values, isBool, isMixed } = flatten(value, label);
  if (isMixed) {
    throw new DTypeError(`${label} mixes numbers and booleans. Expected one kind.`);
  }
  return { shape, dtype: isBool ? "bool" : "float32", values };
}

function under(path: string): string {
  return path === "" ? "" : ` under "${path}"`;
}
