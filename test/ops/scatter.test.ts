import * as sl from "sluice";
import { describe, expect, test, vi } from "vitest";

describe("positions on several axes", () => {
  const x = sl.tensor([
    [1, 2],
    [3, 4],
  ]);

  test("gatherND picks elements, rows, and NaN outside, never an element of the next row", async () => {
    // The examples of https://js.tensorflow.org/api/latest/#gatherND and of tf.gather_nd.
    expect(
      await sl
        .gatherND(x, [
          [0, 0],
          [1, 1],
        ])
        .array(),
    ).toEqual([1, 4]);
    expect(await sl.gatherND(x, [[1], [0]]).array()).toEqual([
      [3, 4],
      [1, 2],
    ]);
    expect(
      await sl
        .gatherND(x, [
          [0, 2],
          [2, 0],
          [-1, 1],
          [1, 0],
        ])
        .array(),
    ).toEqual([Number.NaN, Number.NaN, Number.NaN, 3]);
  });

  test("scatterND adds what falls on one place and drops what lies outside", async () => {
    // tf.scatter_nd([[4], [3], [1], [7]], [9, 10, 11, 12], [8])
    const flat = sl.scatterND([[4], [3], [1], [7]], [9, 10, 11, 12], [8]);
    expect(await flat.array()).toEqual([0, 11, 0, 10, 9, 0, 0, 12]);
    const square = sl.scatterND(
      [
        [0, 1],
        [0, 1],
        [0, 2],
        [1, -1],
      ],
      [1, 5, 100, 100],
      [2, 2],
    );
    expect(await square.array()).toEqual([
      [0, 6],
      [0, 0],
    ]);
    expect(sl.scatterND([[0]], sl.tensor([7], [1], "int32"), [2]).dtype).toBe("int32");
  });

  test("scatterND takes back what gatherND picked", async () => {
    const ids = [
      [0, 1],
      [1, 0],
    ];
    const back = sl.scatterND(ids, sl.gatherND(x, ids), [2, 2]);
    expect(await back.array()).toEqual([
      [0, 2],
      [3, 0],
    ]);
  });
});

describe("sums by number", () => {
  test("unsortedSegmentSum adds rows up", async () => {
    // tf.unsortedSegmentSum of the TF.js documentation
    const x = [
      [1, 2, 3, 4],
      [5, 6, 7, 8],
      [4, 3, 2, 1],
    ];
    const sums = sl.tensor(x).unsortedSegmentSum([0, 1, 0], 2);
    expect(await sums.array()).toEqual([
      [5, 5, 5, 5],
      [5, 6, 7, 8],
    ]);
  });

  test("bincount counts, or adds the weights up; others count nowhere", async () => {
    const x = sl.tensor([0, 2, 2, 5, -1], undefined, "int32");
    expect(await sl.bincount(x, [], 4).array()).toEqual([1, 0, 2, 0]);
    expect(await sl.bincount(x, [1, 0.5, 2, 9, 9], 4).array()).toEqual([1, 0, 2.5, 0]);
    const slope = sl.grad((w: sl.Tensor) => sl.bincount(x, w, 4).mul([1, 2, 3, 4]).sum());
    expect(await slope(sl.ones([5])).array()).toEqual([1, 3, 3, 0, 0]);
  });
});

describe("randomUniformInt", () => {
  test("gives each number of the range, and none beside it", async () => {
    const drawn = await sl.randomUniformInt([2000], -2, 3, 7).data();
    expect([...new Set(drawn)].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2]);
  });
});

describe("print", () => {
  test("writes a tensor, or what can stand for one", async () => {
    const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
    await sl.print(sl.tensor([1, 2]).add(1));
    await sl.print(7);
    expect(log.mock.calls.flat().join(";")).toMatch(/2, 3.*7/s);
    log.mockRestore();
  });
});
