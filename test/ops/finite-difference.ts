import { backward } from "../../src/autograd/backward.ts";
import type { Value } from "../../src/graph/node.ts";
import { ops, registry } from "../../src/ops/index.ts";
import { source } from "../../src/ops/leaves.ts";
import { evaluate } from "../reference/interpreter.ts";

/** Step of the central difference, in double precision; PyTorch's gradcheck uses the same. */
const STEP = 1e-6;

export interface GradientPair {
  /** From the gradient rules, evaluated in double precision. */
  readonly analytic: readonly Float64Array[];
  /** From central differences of the same graph in double precision. */
  readonly numeric: readonly Float64Array[];
}

/**
 * Weights of the outputs in the number that is differentiated, so that no two elements count alike and a
 * gradient that mixes up elements is seen.
 */
export function outputWeights(size: number, output: number): Float32Array {
  return Float32Array.from({ length: size }, (_, i) => Math.sin(1.7 * i + 0.6 + output) + 0.25);
}

/** Gradients of Σ weights·outputs for each of `inputs`, twice. */
export function gradientPair(outputs: readonly Value[], inputs: readonly Value[]): GradientPair {
  const floats = outputs.filter((output) => output.dtype === "float32");
  const weights = floats.map((output, i) => outputWeights(sizeOf(output), i));
  const dys = floats.map((output, i) =>
    source(output.spec, { kind: "host", data: weights[i] ?? new Float32Array(0) }),
  );
  const gradients = backward(floats, dys, { xs: inputs, rules: { ops, registry } });
  const analytic = inputs.map((input, i) => {
    const gradient = gradients[i];
    if (!gradient) throw new RangeError(`no gradient reached input ${i}`);
    return evaluate([gradient])[0] ?? new Float64Array(sizeOf(input));
  });
  const loss = (leaf: (value: Value) => Float64Array | undefined): number =>
    evaluate(floats, { leaf }).reduce(
      (sum, data, i) => data.reduce((part, y, k) => part + y * (weights[i]?.[k] ?? 0), sum),
      0,
    );
  return { analytic, numeric: inputs.map((input) => differences(input, loss)) };
}

function differences(
  input: Value,
  loss: (leaf: (value: Value) => Float64Array | undefined) => number,
): Float64Array {
  const held = evaluate([input])[0] ?? new Float64Array(0);
  return held.map((_, i) => {
    const shifted = (by: number): number => {
      const data = held.slice();
      data[i] = (data[i] ?? 0) + by;
      return loss((value) => (value === input ? data : undefined));
    };
    return (shifted(STEP) - shifted(-STEP)) / (2 * STEP);
  });
}

function sizeOf(value: Value): number {
  return value.shape.reduce((size, dim) => size * dim, 1);
}
