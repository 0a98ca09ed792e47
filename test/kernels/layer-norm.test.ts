import { describe, expect, test } from "vitest";
import { specOf } from "../../src/graph/spec.ts";
import { blocksFor, lowerLayerNorm, lowerLayerNormGradient } from "../../src/kernels/layer-norm.ts";
import { expectClose } from "../helpers/compare.ts";
import { randomFloats } from "../helpers/random-values.ts";
import { runKernel, tensor } from "../helpers/run-kernel.ts";
import { tolerances } from "../helpers/tolerances.ts";

const epsilon = 1e-3;
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

describe("layerNorm kernels", () => {
  test("normalize rows of every width", async () => {
    for (const size of sizes) {
      const { x, gamma, beta, expected } = problem(size);
      const [y] = await runKernel({
        lower: lowerLayerNorm,
        inputs: [tensor(size, x), tensor([size[1]], gamma), tensor([size[1]], beta)],
        outputs: [specOf(size)],
        attributes: { epsilon },
      });
      expectClose(y ?? [], expected.y, { ...tolerances.normalization, label: `${size}` });
    }
  });

  test("give the gradients of x, gamma and beta", async () => {
    for (const size of sizes) {
      const [dx, dgamma, dbeta] = await gradient(size);
      const { expected } = problem(size);
      const label = `${size}`;
      expectClose(dx ?? [], expected.dx, { ...tolerances.gradient, label: `dx ${label}` });
      expectClose(dgamma ?? [], expected.dgamma, {
        ...tolerances.gradient,
        label: `dgamma ${label}`,
      });
      expectClose(dbeta ?? [], expected.dbeta, { ...tolerances.gradient, label: `dbeta ${label}` });
    }
  });

  test("keep the digits of rows far from zero", async () => {
    // E[x²] - E[x]² would lose all digits: the values differ in the fourth digit, their squares in the eighth.
    const columns = 64;
    const x = Float32Array.from({ length: columns }, (_, i) => 10_000 + (i % 8));
    const mean = 10_003.5;
    const deviation = Math.sqrt(5.25 + epsilon);
    const ones = new Float32Array(columns).fill(1);
    const [y] = await runKernel({
      lower: lowerLayerNorm,
      inputs: [
        tensor([1, columns], x),
        tensor([columns], ones),
        tensor([columns], new Float32Array(columns)),
      ],
      outputs: [specOf([1, columns])],
      attributes: { epsilon },
    });
    const expected = Array.from(x, (value) => (value - mean) / deviation);
    expectClose(y ?? [], expected, tolerances.normalization);
  });

  test("make only the row NaN that holds NaN", async () => {
    for (const columns of [6, 100]) {
      const x = randomFloats(3 * columns, 4);
      x[columns + 2] = Number.NaN;
      const ones = new Float32Array(columns).fill(1);
      const [y] = await runKernel({
        lower: lowerLayerNorm,
        inputs: [tensor([3, columns], x), tensor([columns], ones), tensor([columns], ones)],
        outputs: [specOf([3, columns])],
        attributes: { epsilon },
      });
      const areNaN = Array.from(y ?? [], Number.isNaN);
      expect(areNaN).toEqual(Array.from(areNaN, (_, i) => Math.floor(i / columns) === 1));
    }
  });

  test("compute only dx where nothing else is needed", async () => {
    const [dx] = await gradient([13, 33], { needed: [true, false, false] });
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

  test("cut the rows into blocks that depend on the sizes alone", () => {
    expect(blocksFor({ rows: 10, columns: 64 })).toBe(1);
    expect(blocksFor({ rows: 2048, columns: 64 })).toBe(32);
    expect(blocksFor({ rows: 1 << 20, columns: 64 })).toBe(128);
    expect(blocksFor({ rows: 1 << 20, columns: 100_000 })).toBe(1);
  });
});

async function gradient(
  size: readonly [number, number],
  options: {
    needed?: readonly boolean[];
    limits?: { maxComputeWorkgroupsPerDimension: number };
  } = {},
) {
  const { x, gamma, dy } = problem(size);
  return runKernel({
    lower: lowerLayerNormGradient,
    inputs: [tensor(size, x), tensor([size[1]], gamma), tensor(size, dy)],
    outputs: [specOf(size), specOf([size[1]]), specOf([size[1]])],
    attributes: { epsilon },
    ...options,
  });
}

/** Values and what becomes of them by definition, in double precision. */
function problem([rows, columns]: readonly [number, number]) {
  const x = randomFloats(rows * columns, 1, 3);
  const gamma = randomFloats(columns, 2, 2);
  const beta = randomFloats(columns, 3);
  const dy = randomFloats(rows * columns, 4);
  const y = new Float64Array(x.length);
  const dx = new Float64Array(x.length);
  const dgamma = new Float64Array(columns);
  const dbeta = new Float64Array(columns);
  for (let row = 0; row < rows; row++) {
    const at = (c: number): number => row * columns + c;
    const over = (f: (c: number) => number): number => {
      let sum = 0;
      for (let c = 0; c < columns; c++) sum += f(c);
      return sum / columns;
    };
    const value = (c: number): number => x[at(c)] ?? 0;
    const mean = over(value);
    const scale = 1 / Math.sqrt(over((c) => (value(c) - mean) ** 2) + epsilon);
    const normalized = (c: number): number => (value(c) - mean) * scale;
    const weighted = (c: number): number => (dy[at(c)] ?? 0) * (gamma[c] ?? 0);
    const meanWeighted = over(weighted);
    const meanAlong = over((c) => weighted(c) * normalized(c));
    for (let c = 0; c < columns; c++) {
      y[at(c)] = (gamma[c] ?? 0) * normalized(c) + (beta[c] ?? 0);
      dx[at(c)] = (weighted(c) - meanWeighted - normalized(c) * meanAlong) * scale;
      dgamma[c] = (dgamma[c] ?? 0) + (dy[at(c)] ?? 0) * normalized(c);
      dbeta[c] = (dbeta[c] ?? 0) + (dy[at(c)] ?? 0);
    }
  }
  return { x, gamma, beta, dy, expected: { y, dx, dgamma, dbeta } };
}
