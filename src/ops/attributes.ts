import { DTYPES, type DType } from "../graph/dtype.ts";
import type { Attribute, Attributes, Node, Value } from "../graph/node.ts";
import type { Shape } from "../graph/shape.ts";

/** Attribute `name` as a number. A wrong kind is a bug of the op, never of its caller. */
export function numberAttribute(attributes: Attributes, name: string): number {
  const value = attributes[name];
  if (typeof value !== "number") throw wrongKind(name, "a number", value);
  return value;
}

export function booleanAttribute(attributes: Attributes, name: string): boolean {
  const value = attributes[name];
  if (typeof value !== "boolean") throw wrongKind(name, "a boolean", value);
  return value;
}

/** Attribute `name` as a list of numbers: a shape, axes, a permutation. */
export function numbersAttribute(attributes: Attributes, name: string): readonly number[] {
  const value = attributes[name];
  if (!isNumberList(value)) throw wrongKind(name, "a list of numbers", value);
  return value;
}

export function shapeAttribute(attributes: Attributes): Shape {
  return numbersAttribute(attributes, "shape");
}

export function dtypeAttribute(attributes: Attributes): DType {
  const dtype = DTYPES.find((one) => one === attributes.dtype);
  if (dtype !== undefined) return dtype;
  throw wrongKind("dtype", "a dtype", attributes.dtype);
}

/** Attribute `name` as `[before, after]` of each axis. */
export function pairsAttribute(
  attributes: Attributes,
  name: string,
): readonly (readonly [number, number])[] {
  const value = attributes[name];
  if (!Array.isArray(value)) throw wrongKind(name, "a list of pairs", value);
  return value.map((pair: Attribute) => {
    if (!isNumberList(pair)) throw wrongKind(name, "a list of pairs", value);
    return [pair[0] ?? 0, pair[1] ?? 0] as const;
  });
}

/** Input `index` of a node whose op is known to have it. */
export function inputOf(node: Node, index: number): Value {
  const value = node.inputs[index];
  if (value === undefined) throw new RangeError(`${node.op} has no input ${index}`);
  return value;
}

/**
 * Entry `index` of a list that is known to be long enough: op inputs, specs, upstream gradients.
 */
export function at<T>(list: readonly (T | null | undefined)[], index: number): T {
  const item = list[index];
  if (item === undefined || item === null) throw new RangeError(`nothing at position ${index}`);
  return item;
}

function isNumberList(value: Attribute): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => typeof item === "number");
}

function wrongKind(name: string, expected: string, value: Attribute): TypeError {
  return new TypeError(`attribute ${name} is ${JSON.stringify(value)}; expected ${expected}`);
}
