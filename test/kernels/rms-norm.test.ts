import { describe, expect, test } from "vitest";
import { specOf } from "../../src/graph/spec.ts";
import { lowerRmsNorm, lowerRmsNormGradient } from "../../src/kernels/rms-norm.ts";
import { expectClose } from "../helpers/compare.ts";
import { randomFloats } from "../helpers/random-values.ts";
import { runKernel, tensor } from "../helpers/run-kernel.ts";
import { tolerances } from "../helpers/tolerances.ts";

// So large that the gradient of a row of one column, dy·gamma·(1 - x̂²)·scale, keeps its digits.
const epsilon = 0.1;
// One lane a row, then 8, 16, 64 lanes; one block of rows, then several.
const sizes = [
  [1, 1],
  [2, 3],
  [67, 32],
  [13, 33],
  [300, 17],
  [9, 512],
  [5, 1031],
  [3, 2500],
] as const;

describe("rmsNorm kernels", () => {
  test("normalize rows of every width", async () => {
    for (const size of sizes) {
      const { x, gamma, expected } = problem(size);
      const [y] = await forward(size, x, gamma);
      expectClose(y ?? [], expected.y, { ...tolerances.normalization, label: `${size}` });
    }
  });

  test("give the gradients of x and gamma", async () => {
    for (const size of sizes) {
      const [dx, dgamma] = await gradient(size);
      const { expected } = problem(size);
      expectClose(dx ?? [], expected.dx, { ...tolerances.gradient, label: `dx ${size}` });
      const label = `dgamma ${size}`;
      expectClose(dgamma ?? [], expected.dgamma, { ...tolerances.gradient, label });
    }
  });

  test("make only the row NaN that holds NaN", async () => {
    for (const columns of [6, 100]) {
      const x = randomFloats(3 * columns, 4);
      x[columns + 2] = Number.NaN;
      const [y] = await forward([3, columns], x, new Float32Array(columns).fill(1));
      const areNaN = Array.from(y ?? [], Number.isNaN);
      expect(areNaN).toEqual(Array.from(areNaN, (_, i) => Math.floor(i / columns) === 1));
    }
  });

  test("give zeros for a row of zeros", async () => {
    const [y] = await forward([2, 5], new Float32Array(10), new Float32Array(5).fill(1));
    expect(Array.from(y ?? [])).toEqual(Array(10).fill(0));
  });

  test("compute only dx where nothing else is needed", async () => {
    const [dx] = await gradient([13, 33], { needed: [true, false] });
    expectClose(dx ?? [], problem([13, 33]).expected.dx, tolerances.gradient);
  });

  test("count workgroups beyond one dimension of the grid", async () => {
    for (const size of [
      [300, 17],
      [33, 40],
    ] as const) {
      const limits = { maxComputeWorkgroupsPerDimension: 3 };
      const [dx, dgamma] = await gradient(size, { limits });
      expectClose(dx ?? [], problem(size).expected.dx, tolerances.gradient);
      expectClose(dgamma ?? [], problem(size).expected.dgamma, tolerances.gradient);
    }
  });
});

async function forward(size: readonly [number, number], x: Float32Array, gamma: Float32Array) {
  return runKernel({
    lower: lowerRmsNorm,
    inputs: [tensor(size, x), tensor([size[1]], gamma)],
    outputs: [specOf(size)],
    attributes: { epsilon },
  });
}

async function gradient(
  size: readonly [number, number],
  options: {
    needed?: readonly boolean[];
    limits?: { maxComputeWorkgroupsPerDimension: number };
  } = {},
) {
  const { x, gamma, dy } = problem(size);
  return runKernel({
    lower: lowerRmsNormGradient,
    inputs: [tensor(size, x), tensor([size[1]], gamma), tensor(size, dy)],
    outputs: [specOf(size), specOf([size[1]])],
    attributes: { epsilon },
    ...options,
  });
}

/** Values and what becomes of them by definition, in double precision. */
function problem([rows, columns]: readonly [number, number]) {
  const x = randomFloats(rows * columns, 1, 3);
  const gamma = randomFloats(columns, 2, 2);
  const dy = randomFloats(rows * columns, 4);
  const y = new Float64Array(x.length);
  const dx = new Float64Array(x.length);
  const dgamma = new Float64Array(columns);
  for (let row = 0; row < rows; row++) {
    const at = (c: number): number => row * columns + c;
    const over = (f: (c: number) => number): number => {
      let sum = 0;
      for (let c = 0; c < columns; c++) sum += f(c);
      return sum / columns;
    };
    const value = (c: number): number => x[at(c)] ?? 0;
    const scale = 1 / Math.sqrt(over((c) => value(c) ** 2) + epsilon);
    const weighted = (c: number): number => (dy[at(c)] ?? 0) * (gamma[c] ?? 0);
    const meanAlong = over((c) => weighted(c) * value(c) * scale);
    for (let c = 0; c < columns; c++) {
      y[at(c)] = (gamma[c] ?? 0) * value(c) * scale;
      dx[at(c)] = (weighted(c) - value(c) * scale * meanAlong) * scale;
      dgamma[c] = (dgamma[c] ?? 0) + (dy[at(c)] ?? 0) * value(c) * scale;
    }
  }
  return { x, gamma, dy, expected: { y, dx, dgamma } };
}
