import { describe, expect, test } from "vitest";
import type { TypedArray } from "../../src/graph/dtype.ts";
import { specOf } from "../../src/graph/spec.ts";
import { lowerGather } from "../../src/kernels/gather.ts";
import { digitsOf, lowerScatterAdd } from "../../src/kernels/scatter-add.ts";
import { expectClose } from "../helpers/compare.ts";
import { randomFloats, randomIds } from "../helpers/random-values.ts";
import { pipelineCount, runKernel, specOfHost, tensor } from "../helpers/run-kernel.ts";
import { tolerances } from "../helpers/tolerances.ts";

describe("gather kernel", () => {
  const gather = async (x: TypedArray, shape: readonly number[], ids: Int32Array) => {
    const [rows = 1, ...rest] = shape;
    const host = tensor([rows, ...rest], x);
    const [y] = await runKernel({
      lower: lowerGather,
      inputs: [host, tensor([ids.length], ids)],
      outputs: [specOf([ids.length, ...rest], specOfHost(host).dtype)],
      limits: { maxComputeWorkgroupsPerDimension: 2 },
    });
    return Array.from(y ?? []);
  };

  test("picks rows of every dtype", async () => {
    const ids = Int32Array.from([4, 0, 0, 3, 4, 1, 2]);
    const arrays = [
      randomFloats(5 * 6, 1),
      Int32Array.from({ length: 30 }, (_, i) => i * -7919),
      Uint8Array.from({ length: 30 }, (_, i) => (i % 3 === 0 ? 1 : 0)),
    ];
    for (const x of arrays) {
      const expected = Array.from(ids).flatMap((id) => Array.from(x.slice(id * 6, id * 6 + 6)));
      expect(await gather(x, [5, 2, 3], ids)).toEqual(expected);
    }
  });

  test("keeps every bit, also of NaN, infinity and subnormal numbers", async () => {
    const bits = Uint32Array.from([0x7fc12345, 0x7f800000, 0x00000001, 0x80000000]);
    const [y] = await runKernel({
      lower: lowerGather,
      inputs: [
        tensor([4], new Float32Array(bits.buffer)),
        tensor([4], Int32Array.from([3, 2, 1, 0])),
      ],
      outputs: [specOf([4])],
    });
    expect(Array.from(new Uint32Array(y?.buffer ?? new ArrayBuffer()))).toEqual(
      [...bits].reverse(),
    );
  });

  test("gives what cannot be mistaken for data where there is no such row", async () => {
    const ids = Int32Array.from([-1, 1, 2, -2147483648]);
    const nan = Number.NaN;
    expect(await gather(Float32Array.from([1, 2]), [2], ids)).toEqual([nan, 2, nan, nan]);
    const low = -2147483648;
    expect(await gather(Int32Array.from([1, 2]), [2], ids)).toEqual([low, 2, low, low]);
  });
});

describe("scatterAdd kernels", () => {
  // Rows, columns, ids: looked through and sorted by one, two and three digits; blocks of ids that are not full.
  const cases = [
    [1, 1, 1],
    [3, 5, 20],
    [16, 2, 300],
    [17, 3, 1],
    [17, 1, 63],
    [64, 7, 64],
    [255, 4, 65],
    [256, 4, 257],
    [1000, 3, 2000],
    [70_000, 1, 500],
  ] as const;

  test("add rows of updates at their ids", async () => {
    for (const [rows, columns, count] of cases) {
      const ids = randomIds(count, rows, rows);
      const updates = randomFloats(count * columns, count);
      const y = await scatterAdd(ids, updates, { rows, columns });
      const expected = scatter(ids, updates, { rows, columns });
      const label = `${rows} rows, ${columns} columns, ${count} ids`;
      expectClose(y, expected, { ...tolerances.reduction, label, shape: [rows, columns] });
    }
  });

  test("add many updates to one row, and none to others", async () => {
    for (const rows of [10, 100, 5000]) {
      const ids = new Int32Array(700).fill(rows - 1);
      const updates = randomFloats(2 * 700, 4);
      const y = await scatterAdd(ids, updates, { rows, columns: 2 });
      expectClose(y, scatter(ids, updates, { rows, columns: 2 }), tolerances.reduction);
    }
  });

  test("ignore numbers of rows that are not there", async () => {
    for (const rows of [10, 100, 255, 256, 5000]) {
      const ids = Int32Array.from([-1, rows, 0, rows - 1, 2147483647, -2147483648, rows + 1, 0]);
      const updates = randomFloats(8, 5);
      const y = await scatterAdd(ids, updates, { rows, columns: 1 });
      expectClose(y, scatter(ids, updates, { rows, columns: 1 }), tolerances.reduction);
    }
  });

  test("add the updates of a row in their own order", async () => {
    // 2^24 + 1 - 2^24 is 0 in float32, and 2^24 - 2^24 + 1 is 1: only the order tells them apart.
    for (const rows of [8, 80]) {
      const ids = Int32Array.from([5, 7, 5, 7, 7, 5]);
      const big = 2 ** 24;
      const updates = Float32Array.from([big, big, 1, -big, 1, -big]);
      const y = await scatterAdd(ids, updates, { rows, columns: 1 });
      expect([y[5], y[7]]).toEqual([0, 1]);
    }
  });

  test("count workgroups beyond one dimension of the grid", async () => {
    const limits = { maxComputeWorkgroupsPerDimension: 5 };
    const ids = randomIds(3000, 6, 300);
    const updates = randomFloats(3000 * 4, 7);
    const y = await scatterAdd(ids, updates, { rows: 300, columns: 4, limits });
    expectClose(y, scatter(ids, updates, { rows: 300, columns: 4 }), tolerances.reduction);
  });

  test("make no pipeline for another number of ids", async () => {
    const run = (count: number) =>
      scatterAdd(randomIds(count, 8, 500), randomFloats(count * 2, 9), { rows: 500, columns: 2 });
    await run(1);
    const before = pipelineCount();
    for (const count of [2, 64, 65, 1000]) await run(count);
    expect(pipelineCount()).toBe(before);
  });

  test("cut the numbers 0 to rows into digits that hold them", () => {
    for (const rows of [17, 63, 64, 255, 256, 4095, 65_535, 65_536, 16_777_215]) {
      const { passes, bits } = digitsOf(rows);
      expect(bits).toBeLessThanOrEqual(8);
      expect(2 ** (passes * bits)).toBeGreaterThan(rows);
    }
    expect(digitsOf(255)).toEqual({ passes: 1, bits: 8 });
    expect(digitsOf(256)).toEqual({ passes: 2, bits: 5 });
  });
});

interface Target {
  readonly rows: number;
  readonly columns: number;
  readonly limits?: { readonly maxComputeWorkgroupsPerDimension: number };
}

async function scatterAdd(ids: Int32Array, updates: Float32Array, target: Target) {
  const { rows, columns, limits } = target;
  const [y] = await runKernel({
    lower: lowerScatterAdd,
    inputs: [tensor([ids.length], ids), tensor([ids.length, columns], updates)],
    outputs: [specOf([rows, columns])],
    attributes: { rows },
    ...(limits && { limits }),
  });
  return y as Float32Array;
}

/** By definition, in double precision. */
function scatter(ids: Int32Array, updates: Float32Array, { rows, columns }: Target): Float64Array {
  const y = new Float64Array(rows * columns);
  ids.forEach((row, n) => {
    if (row < 0 || row >= rows) return;
    for (let c = 0; c < columns; c++) {
      y[row * columns + c] = (y[row * columns + c] ?? 0) + (updates[n * columns + c] ?? 0);
    }
  });
  return y;
}
