import { backward } from "../../src/autograd/backward.ts";
import { isFloat } from "../../src/graph/dtype.ts";
import type { Value } from "../../src/graph/node.ts";
import { sizeOf } from "../../src/graph/shape.ts";
import { ops, registry } from "../../src/ops/index.ts";
import { source } from "../../src/ops/leaves.ts";
import { toTyped } from "../../src/tensor/host-numbers.ts";
import { evaluate } from "../reference/interpreter.ts";

/** Step of the central difference, in double precision; PyTorch's gradcheck uses the same. */
const STEP = 1e-6;

/**
 * Weights of output `output` in the number that is differentiated: no two elements count alike, so
 * a gradient that mixes up elements is seen.
 */
export function outputWeights(size: number, output: number): Float32Array {
  return Float32Array.from({ length: size }, (_, i) => Math.sin(1.7 * i + 0.6 + output) + 0.25);
}

/** Gradients of Σ weights·outputs for each input, as values of the graph. */
export function gradientsOf(outputs: readonly Value[], inputs: readonly Value[]): Value[] {
  const floats = outputs.filter((output) => isFloat(output.dtype));
  const dys = floats.map((output, i) => {
    const data = toTyped(outputWeights(sizeOf(output.shape), i), output.dtype);
    return source(output.spec, { kind: "host", data });
  });
  const gradients = backward(floats, dys, { xs: inputs, rules: { ops, registry } });
  return gradients.map((gradient, i) => {
    if (gradient) return gradient;
    throw new RangeError(`no gradient reached input ${i}`);
  });
}

/** The same gradients from central differences of the graph in double precision. */
export function differencesOf(outputs: readonly Value[], inputs: readonly Value[]): Float64Array[] {
  const floats = outputs.filter((output) => isFloat(output.dtype));
  const weights = floats.map((output, i) => outputWeights(sizeOf(output.shape), i));
  const lossWith = (input: Value, data: Float64Array): number =>
    evaluate(floats, { leaf: (value) => (value === input ? data : undefined) }).reduce(
      (sum, elements, i) => elements.reduce((part, y, k) => part + y * (weights[i]?.[k] ?? 0), sum),
      0,
    );
  return inputs.map((input) => {
    const [held = new Float64Array(0)] = evaluate([input]);
    const shifted = (i: number, by: number): number => {
      const data = held.slice();
      data[i] = (data[i] ?? 0) + by;
      return lossWith(input, data);
    };
    return held.map((_, i) => (shifted(i, STEP) - shifted(i, -STEP)) / (2 * STEP));
  });
}
