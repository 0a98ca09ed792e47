import { describe, expect, test } from "vitest";
import { specOf } from "../../src/graph/spec.ts";
import { lanesPerRow } from "../../src/kernels/rows.ts";
import { lowerSoftmax } from "../../src/kernels/softmax.ts";
import {
  lowerSparseCrossEntropy,
  lowerSparseCrossEntropyGradient,
} from "../../src/kernels/sparse-cross-entropy.ts";
import { expectClose } from "../helpers/compare.ts";
import { randomFloats, randomIds } from "../helpers/random-values.ts";
import { pipelineCount, runKernel, tensor } from "../helpers/run-kernel.ts";
import { tolerances } from "../helpers/tolerances.ts";

// Rows x columns: ones, primes, each count of lanes a row, last rows that do not fill a workgroup.
const sizes = [
  [1, 1],
  [3, 2],
  [67, 31],
  [257, 32],
  [1, 33],
  [13, 257],
  [9, 512],
  [7, 513],
  [5, 2048],
  [2, 2053],
] as const;

const tiny = { maxComputeWorkgroupsPerDimension: 3 };
const infinity = Number.POSITIVE_INFINITY;

describe("softmax kernel", () => {
  for (const log of [false, true]) {
    const run = async (
      x: Float32Array,
      [rows, columns]: readonly [number, number],
      limits = {},
    ) => {
      const [y] = await runKernel({
        lower: lowerSoftmax,
        inputs: [tensor([rows, columns], x)],
        outputs: [specOf([rows, columns])],
        attributes: { log },
        limits,
      });
      return y as Float32Array;
    };
    const tolerance = log ? tolerances.logSoftmax : tolerances.softmax;

    test(`computes rows of every width, log ${log}`, async () => {
      for (const size of sizes) {
        const x = randomFloats(size[0] * size[1], 1, 9);
        const expected = softmax(x, size[1]).map((p) => (log ? Math.log(p) : p));
        expectClose(await run(x, size), expected, { ...tolerance, label: `${size}`, shape: size });
      }
    });

    test(`takes far logits and -infinity, log ${log}`, async () => {
      for (const columns of [4, 40]) {
        const x = new Float32Array(columns).fill(-infinity);
        x.set([1000, -1000, 999]);
        const expected = softmax(x, columns).map((p, i) => {
          if (!log) return p;
          return (x[i] ?? 0) - 1000 - Math.log(1 + Math.exp(-1));
        });
        expectClose(await run(x, [1, columns]), expected, tolerance);
      }
    });

    test(`makes only the rows NaN that hold NaN or nothing finite, log ${log}`, async () => {
      for (const columns of [8, 50]) {
        const x = new Float32Array(5 * columns).fill(0.5);
        x[columns + 3] = Number.NaN;
        x[2 * columns] = Number.NaN;
        x.fill(-infinity, 3 * columns, 4 * columns);
        const y = await run(x, [5, columns]);
        const isNaNRow = (row: number): boolean =>
          y.subarray(row * columns, (row + 1) * columns).every(Number.isNaN);
        expect([0, 1, 2, 3, 4].map(isNaNRow)).toEqual([false, true, true, true, false]);
        expect([...y.subarray(0, columns), ...y.subarray(4 * columns)].some(Number.isNaN)).toBe(
          false,
        );
      }
    });
  }

  test("counts workgroups beyond one dimension of the grid", async () => {
    for (const columns of [3, 33, 2100]) {
      const rows = columns === 3 ? 400 : 45;
      const x = randomFloats(rows * columns, 3, 5);
      const [y] = await runKernel({
        lower: lowerSoftmax,
        inputs: [tensor([rows, columns], x)],
        outputs: [specOf([rows, columns])],
        attributes: { log: false },
        limits: columns === 2100 ? { maxComputeWorkgroupsPerDimension: 7 } : tiny,
      });
      expectClose(y ?? [], softmax(x, columns), tolerances.softmax);
    }
  });

  test("makes no pipeline for another number of rows", async () => {
    const run = (rows: number) =>
      runKernel({
        lower: lowerSoftmax,
        inputs: [tensor([rows, 40], randomFloats(rows * 40, 3))],
        outputs: [specOf([rows, 40])],
        attributes: { log: false },
      });
    await run(1);
    const before = pipelineCount();
    for (const rows of [2, 31, 700]) await run(rows);
    expect(pipelineCount()).toBe(before);
  });
});

describe("sparseCrossEntropy kernels", () => {
  test("give the loss of every row and its gradient", async () => {
    for (const [rows, columns] of sizes) {
      const x = randomFloats(rows * columns, 5, 6);
      const labels = randomIds(rows, 6, columns);
      const dy = randomFloats(rows, 7);
      const { loss, dx } = await run({ x, labels, dy, columns });
      const p = softmax(x, columns);
      const label = `[${rows},${columns}]`;
      const expectedLoss = Array.from(labels, (c, row) => -Math.log(p[row * columns + c] ?? 0));
      expectClose(loss, expectedLoss, { ...tolerances.loss, label });
      const expected = p.map((value, i) => {
        const row = Math.floor(i / columns);
        return (value - (labels[row] === i % columns ? 1 : 0)) * (dy[row] ?? 0);
      });
      expectClose(dx, expected, { ...tolerances.loss, label, shape: [rows, columns] });
    }
  });

  test("draw the target towards all classes", async () => {
    const labelSmoothing = 0.3;
    for (const [rows, columns] of sizes) {
      const x = randomFloats(rows * columns, 5, 6);
      const labels = randomIds(rows, 6, columns);
      const dy = randomFloats(rows, 7);
      const { loss, dx } = await run({ x, labels, dy, columns, labelSmoothing });
      const p = softmax(x, columns);
      const label = `[${rows},${columns}]`;
      const target = (row: number, c: number): number =>
        (labels[row] === c ? 1 - labelSmoothing : 0) + labelSmoothing / columns;
      const expectedLoss = Array.from(labels, (_, row) => {
        let sum = 0;
        for (let c = 0; c < columns; c++)
          sum -= target(row, c) * Math.log(p[row * columns + c] ?? 0);
        return sum;
      });
      expectClose(loss, expectedLoss, { ...tolerances.loss, label });
      const expected = p.map((value, i) => {
        const row = Math.floor(i / columns);
        return (value - target(row, i % columns)) * (dy[row] ?? 0);
      });
      expectClose(dx, expected, { ...tolerances.loss, label, shape: [rows, columns] });
    }
  });

  test("make a label that is not there NaN, and its gradient too where it is not masked", async () => {
    for (const columns of [5, 70]) {
      const x = randomFloats(4 * columns, 8);
      const labels = Int32Array.from([-1, columns, 2, -7]);
      const dy = Float32Array.from([1, 0.5, 1, 0]);
      const { loss, dx } = await run({ x, labels, dy, columns });
      expect(Array.from(loss, Number.isNaN)).toEqual([true, true, false, true]);
      const rows = [0, 1, 2, 3].map((row) => dx.subarray(row * columns, (row + 1) * columns));
      expect(rows.map((row) => row.every(Number.isNaN))).toEqual([true, true, false, false]);
      expect(Array.from(rows[3] ?? [], Math.abs)).toEqual(new Array(columns).fill(0));
    }
  });

  test("pass NaN in the logits on", async () => {
    for (const columns of [5, 70]) {
      const x = randomFloats(2 * columns, 9);
      x[columns + 1] = Number.NaN;
      const { loss, dx } = await run({
        x,
        labels: Int32Array.from([0, 3]),
        dy: Float32Array.from([1, 1]),
        columns,
      });
      expect(Array.from(loss, Number.isNaN)).toEqual([false, true]);
      expect(dx.subarray(columns).every(Number.isNaN)).toBe(true);
      expect(dx.subarray(0, columns).some(Number.isNaN)).toBe(false);
    }
  });

  interface Case {
    readonly x: Float32Array;
    readonly labels: Int32Array;
    readonly dy: Float32Array;
    readonly columns: number;
    readonly labelSmoothing?: number;
  }

  async function run({ x, labels, dy, columns, labelSmoothing = 0 }: Case) {
    const attributes = { labelSmoothing };
    const rows = labels.length;
    const inputs = [tensor([rows, columns], x), tensor([rows], labels)];
    const [loss] = await runKernel({
      lower: lowerSparseCrossEntropy,
      inputs,
      outputs: [specOf([rows])],
      attributes,
    });
    const [dx] = await runKernel({
      lower: lowerSparseCrossEntropyGradient,
      inputs: [...inputs, tensor([rows], dy)],
      outputs: [specOf([rows, columns])],
      attributes,
    });
    return { loss: loss as Float32Array, dx: dx as Float32Array };
  }
});

test("lanesPerRow depends on the width alone and divides a workgroup", () => {
  expect([1, 32, 33, 512, 513, 2048, 2049].map(lanesPerRow)).toEqual([1, 1, 8, 8, 16, 16, 64]);
});

/** By definition, in double precision. */
function softmax(x: Float32Array, columns: number): Float64Array {
  const y = new Float64Array(x.length);
  for (let start = 0; start < x.length; start += columns) {
    const row = x.subarray(start, start + columns);
    const most = Math.max(...row);
    const exps = Array.from(row, (value) => Math.exp(value - most));
    const sum = exps.reduce((a, b) => a + b, 0);
    y.set(
      exps.map((value) => value / sum),
      start,
    );
  }
  return y;
}
