import type { Node } from "../../src/graph/node.ts";
import { sizeOf } from "../../src/graph/shape.ts";
import type { Spec } from "../../src/graph/spec.ts";
import { coordinatesOf, flatIndex } from "./coordinates.ts";
import type { Elements, Operand, Rule } from "./interpreter.ts";

/** Ops that have a kernel or a composition in the library, written here once more, plainly. */
export const directRules: Readonly<Record<string, Rule>> = {
  matMul: ([a, b], node) => [matMul(required(a), required(b), node)],
  softmax: ([x], node) => [softmax(required(x), node.attributes.log === true)],
  gather: ([x, ids], node) => [gather(required(x), required(ids), outputSpec(node))],
  scatterAdd: ([ids, updates], node) => [
    scatterAdd(required(ids), required(updates), outputShape(node)),
  ],
  concat: (inputs, node) => [concat(inputs, node)],
  mean: ([x], node) => [mean(required(x), node)],
  cumsum: ([x], node) => [cumulate(required(x), node, { start: 0, combine: (a, b) => a + b })],
  cumprod: ([x], node) => [cumulate(required(x), node, { start: 1, combine: (a, b) => a * b })],
};

function matMul(a: Operand, b: Operand, node: Node): Elements {
  const { transposeA, transposeB } = node.attributes;
  const shape = outputShape(node);
  const inner = a.shape[a.shape.length - (transposeA ? 2 : 1)] ?? 0;
  const element = (x: Operand, batch: readonly number[], place: [number, number]): number => {
    const own = x.shape.slice(0, -2);
    const from = batch.slice(batch.length - own.length).map((i, axis) => (own[axis] === 1 ? 0 : i));
    return x.data[flatIndex(x.shape, [...from, ...place])] ?? Number.NaN;
  };
  const result: number[] = [];
  for (const place of coordinatesOf(shape)) {
    const batch = place.slice(0, -2);
    const [row = 0, column = 0] = place.slice(-2);
    let sum = 0;
    for (let k = 0; k < inner; k++) {
      const left = element(a, batch, transposeA ? [k, row] : [row, k]);
      sum += left * element(b, batch, transposeB ? [column, k] : [k, column]);
    }
    result.push(sum);
  }
  return Float64Array.from(result);
}

function softmax({ data, shape }: Operand, isLog: boolean): Elements {
  const width = shape.at(-1) ?? 1;
  const result = new Float64Array(data.length);
  for (let start = 0; start < data.length; start += width) {
    const row = data.subarray(start, start + width);
    const highest = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    const total = row.reduce((sum, x) => sum + Math.exp(x - highest), 0);
    row.forEach((x, i) => {
      const log = x - highest - Math.log(total);
      result[start + i] = isLog ? log : Math.exp(log);
    });
  }
  return result;
}

function gather(x: Operand, ids: Operand, { shape, dtype }: Spec): Elements {
  const width = sizeOf(x.shape.slice(1));
  const rows = x.shape[0] ?? 0;
  const missing = { float32: Number.NaN, float16: Number.NaN, int32: -(2 ** 31), bool: 0 }[dtype];
  const result = new Float64Array(sizeOf(shape)).fill(missing);
  ids.data.forEach((id, i) => {
    if (id >= 0 && id < rows) result.set(x.data.subarray(id * width, (id + 1) * width), i * width);
  });
  return result;
}

function scatterAdd(ids: Operand, updates: Operand, shape: readonly number[]): Elements {
  const width = sizeOf(shape.slice(1));
  const result = new Float64Array(sizeOf(shape));
  ids.data.forEach((id, i) => {
    if (id < 0 || id >= (shape[0] ?? 0)) return;
    for (let k = 0; k < width; k++) {
      const at = id * width + k;
      result[at] = (result[at] ?? Number.NaN) + (updates.data[i * width + k] ?? Number.NaN);
    }
  });
  return result;
}

function concat(inputs: readonly Operand[], node: Node): Elements {
  const axis = node.attributes.axis as number;
  const shape = outputShape(node);
  const result = new Float64Array(sizeOf(shape));
  let start = 0;
  for (const piece of inputs) {
    let flat = 0;
    for (const place of coordinatesOf(piece.shape)) {
      const to = place.map((i, at) => (at === axis ? i + start : i));
      result[flatIndex(shape, to)] = piece.data[flat++] ?? Number.NaN;
    }
    start += piece.shape[axis] ?? 0;
  }
  return result;
}

function mean(x: Operand, node: Node): Elements {
  const axes = node.attributes.axes as readonly number[];
  const kept = x.shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
  const result = new Float64Array(sizeOf(kept));
  const share = result.length / x.data.length;
  let flat = 0;
  for (const place of coordinatesOf(x.shape)) {
    const to = flatIndex(
      kept,
      place.map((i, axis) => (axes.includes(axis) ? 0 : i)),
    );
    result[to] = (result[to] ?? 0) + (x.data[flat++] ?? Number.NaN) * share;
  }
  return result;
}

interface Fold {
  readonly start: number;
  readonly combine: (a: number, b: number) => number;
}

function cumulate(x: Operand, node: Node, { start, combine }: Fold): Elements {
  const { axis, exclusive, reverse } = node.attributes as Record<string, number | boolean>;
  const along = Number(axis);
  const length = x.shape[along] ?? 0;
  const isInt = node.outputs[0]?.dtype === "int32";
  const result = new Float64Array(x.data.length);
  for (const place of coordinatesOf(x.shape.map((dim, i) => (i === along ? 1 : dim)))) {
    let total = start;
    for (let step = 0; step < length; step++) {
      const i = reverse ? length - 1 - step : step;
      const at = flatIndex(
        x.shape,
        place.map((c, k) => (k === along ? i : c)),
      );
      const next = combine(total, x.data[at] ?? Number.NaN);
      result[at] = exclusive ? total : isInt ? next | 0 : next;
      total = isInt ? next | 0 : next;
    }
  }
  return result;
}

function outputSpec(node: Node): Spec {
  const [output] = node.outputs;
  if (output === undefined) throw new RangeError(`${node.op} has no output`);
  return output.spec;
}

function outputShape(node: Node): readonly number[] {
  return outputSpec(node).shape;
}

function required(operand: Operand | undefined): Operand {
  if (operand === undefined) throw new RangeError("an input is missing");
  return operand;
}
