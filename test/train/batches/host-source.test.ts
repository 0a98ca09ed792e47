import { describe, expect, test } from "vitest";
import { tensor } from "../../../src/tensor/index.ts";
import type { BatchSource } from "../../../src/train/batches/batch-source.ts";
import { HostSource, isOnHost } from "../../../src/train/batches/host-source.ts";
import {
  isSmallEnough,
  ResidentData,
  ResidentSource,
} from "../../../src/train/batches/resident-source.ts";
import type { Batch } from "../../../src/train/objective.ts";
import { noise } from "../support.ts";

const rows = 11;
const data: Batch = {
  inputs: [
    tensor(noise(rows * 6), [rows, 2, 3]),
    tensor(Int32Array.from({ length: rows }, (_, i) => i)),
  ],
  labels: [tensor(noise(rows, 3), [rows, 1])],
  weights: [tensor(noise(rows, 4))],
  weighedBy: [0],
};

/** The rows of every batch, as they are or gathered. */
async function contents(source: BatchSource): Promise<number[][][]> {
  const all: number[][][] = [];
  for await (const { data, rows, size } of source.batches(2, 1)) {
    const picked = [...data.inputs, ...data.labels, ...data.weights].map((one) =>
      rows === null ? one : one.gather(rows),
    );
    all.push(await Promise.all(picked.map(async (one) => [...(await one.data())])));
    expect(picked[0]?.shape).toEqual([size, 2, 3]);
    expect(picked[1]?.dtype).toBe("int32");
  }
  return all;
}

describe("samples that are too large for the GPU", () => {
  test("come in the batches that they would come in on the GPU", async () => {
    for (const shuffle of [true, false, "batch"] as const) {
      const order = { start: 1, end: rows, batchSize: 4, shuffle, seed: 5, steps: null };
      const resident = new ResidentData("test", data);
      const expected = await contents(new ResidentSource(resident, order));
      expect(expected).toHaveLength(2); // from batch 1 on
      expect(await contents(new HostSource(data, order))).toEqual(expected);
      resident.dispose();
    }
  });

  test("are told from those that are not", () => {
    expect(isSmallEnough(data)).toBe(true);
    expect(isOnHost(data)).toBe(true);
    expect(isOnHost({ ...data, labels: [tensor([1, 2]).mul(2)] })).toBe(false);
    const large = { size: 128 * 1024 * 256 + 1 } as (typeof data.inputs)[number];
    expect(isSmallEnough({ ...data, inputs: [large] })).toBe(false);
    const half = { size: 100 * 1024 * 256 } as (typeof data.inputs)[number];
    expect(isSmallEnough({ ...data, inputs: [half, half, half, half, half] })).toBe(true);
    expect(isSmallEnough({ ...data, inputs: [half, half, half, half, half, half] })).toBe(false);
  });
});
