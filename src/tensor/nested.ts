import { DTypeError, ShapeError } from "../errors.ts";
import type { DType, TypedArray } from "../graph/dtype.ts";
import { type Shape, sizeOf } from "../graph/shape.ts";

/** Numbers or booleans, nested as deep as a tensor has axes. */
export type NestedArray = number | boolean | readonly NestedArray[];

/** The elements of a tensor as nested arrays. */
export function toNested(data: TypedArray, shape: Shape, dtype: DType): NestedArray {
  const read = (index: number): NestedArray =>
    dtype === "bool" ? data[index] !== 0 : (data[index] ?? 0);
  const build = (axis: number, offset: number): NestedArray => {
    if (axis === shape.length) return read(offset);
    const inner = sizeOf(shape.slice(axis + 1));
    return Array.from({ length: shape[axis] ?? 0 }, (_, i) => build(axis + 1, offset + i * inner));
  };
  return build(0, 0);
}

/** Shape and flat elements of nested arrays; typed arrays may stand for the innermost ones. */
export interface Flattened {
  readonly shape: number[];
  readonly values: number[];
  readonly isBool: boolean;
  /** Numbers stand beside booleans. */
  readonly isMixed: boolean;
}

/**
 * @throws {ShapeError} when rows differ in length.
 * @throws {DTypeError} for strings, null, and other things.
 */
export function flatten(nested: unknown, label: string): Flattened {
  const shape: number[] = [];
  for (let part: unknown = nested; isList(part); part = part[0]) shape.push(part.length);
  const values: number[] = [];
  const kinds = new Set<string>();
  const visit = (part: unknown, axis: number, path: readonly number[]): void => {
    if (isList(part)) {
      if (axis >= shape.length || part.length !== shape[axis]) {
        throw new ShapeError(
          `${label}: rows differ in length: [${path.join("][")}] has ${part.length} elements` +
            `${axis < shape.length ? `, the first such row has ${shape[axis]}` : ", others are numbers"}. ` +
            "Expected nested arrays of one shape; pad short rows.",
        );
      }
      for (let i = 0; i < part.length; i++) visit(part[i], axis + 1, [...path, i]);
      return;
    }
    if (axis !== shape.length) {
      throw new ShapeError(
        `${label}: [${path.join("][")}] is ${describe(part)}, where the first row has an array. ` +
          "Expected nested arrays of one shape.",
      );
    }
    if (typeof part !== "number" && typeof part !== "boolean") {
      throw new DTypeError(
        `${label}: [${path.join("][")}] is ${describe(part)}. Expected numbers or booleans; turn text into ` +
          "numbers first (a vocabulary index, or one-hot rows).",
      );
    }
    kinds.add(typeof part);
    values.push(Number(part));
  };
  visit(nested, 0, []);
  return { shape, values, isBool: kinds.has("boolean"), isMixed: kinds.size > 1 };
}

function isList(part: unknown): part is ArrayLike<unknown> {
  return Array.isArray(part) || isTypedArray(part);
}

/** Any typed array (a DataView is none). */
export function isTypedArray(part: unknown): part is ArrayLike<number> & ArrayBufferView {
  return ArrayBuffer.isView(part) && !(part instanceof DataView);
}

function describe(part: unknown): string {
  if (typeof part === "string") return `the string ${JSON.stringify(part)}`;
  if (part === null || part === undefined) return String(part);
  return typeof part === "object"
    ? `an object (${part.constructor?.name ?? "no class"})`
    : typeof part;
}
