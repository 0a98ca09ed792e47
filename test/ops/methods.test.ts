import * as sl from "sluice";
import { describe, expect, test } from "vitest";
import * as publicOps from "../../src/tensor/ops/index.ts";

const x = sl.tensor([
  [1, 2, 3],
  [4, 5, 6],
]);

describe("methods", () => {
  test("take the tensor in the place of the function's first argument", async () => {
    expect(await x.add(1).array()).toEqual(await sl.add(x, 1).array());
    expect(await x.sub(x.mean()).array()).toEqual(await sl.sub(x, sl.mean(x)).array());
    expect(await x.pow(2).div(2).array()).toEqual([
      [0.5, 2, 4.5],
      [8, 12.5, 18],
    ]);
    expect(await x.sum(1, true).array()).toEqual([[6], [15]]);
    expect(await x.matMul(x, false, true).array()).toEqual([
      [14, 32],
      [32, 77],
    ]);
    expect(await x.slice([0, 1], [2, 1]).flatten().array()).toEqual([2, 5]);
    expect(await x.gather([2, 0], 1).array()).toEqual([
      [3, 1],
      [6, 4],
    ]);
    expect(await x.argMax(1).array()).toEqual([2, 2]);
    expect(await x.cumsum(1).array()).toEqual([
      [1, 3, 6],
      [4, 9, 15],
    ]);
    expect(x.split(3, 1).map((part) => part.shape)).toEqual([
      [2, 1],
      [2, 1],
      [2, 1],
    ]);
  });

  test("that take it in another place, or have no function", async () => {
    expect(await x.where(x.greater(3), 0).array()).toEqual([
      [0, 0, 0],
      [4, 5, 6],
    ]);
    expect(x.concat([x, x], 1).shape).toEqual([2, 9]);
    expect(x.concat(x).shape).toEqual([4, 3]);
    expect(x.stack(x, 1).shape).toEqual([2, 2, 3]);
    expect(x.reshapeAs(sl.zeros([6])).shape).toEqual([6]);
    expect([x.toInt().dtype, x.toBool().dtype, x.toInt().toFloat().dtype]).toEqual([
      "int32",
      "bool",
      "float32",
    ]);
  });

  test("name a rank or a dtype", async () => {
    expect(x.as1D().shape).toEqual([6]);
    expect(x.as2D(3, 2).shape).toEqual([3, 2]);
    expect(x.as3D(1, 3, 2).shape).toEqual([1, 3, 2]);
    expect(x.as4D(1, 3, 1, 2).shape).toEqual([1, 3, 1, 2]);
    expect(await x.sum(null, true).asScalar().array()).toBe(21);
    expect(x.asType("int32").dtype).toBe("int32");
    expect(() => x.as2D(6, undefined as never)).toThrow(sl.ShapeError);
    expect(() => (x.as2D as (rows: number) => sl.Tensor).call(x, 6)).toThrow(/as2D: received 1/);
    expect(() => x.asScalar()).toThrow(sl.ShapeError);
    expect(sl.tensor5d([1, 2], [1, 1, 2, 1, 1]).rank).toBe(5);
    expect(sl.tensor6d([[[[[[7]]]]]]).rank).toBe(6);
    expect(() => sl.tensor5d([1, 2])).toThrow(/tensor5d: received values of rank 1/);
  });

  test("exist for every function that takes one tensor first", () => {
    const without = [
      // These take no tensor, a list, or a text first.
      ...["range", "linspace", "eye", "oneHot", "einsum", "addN"],
      ...["randomUniform", "randomUniformInt", "meshgrid"],
      ...["randomNormal", "randomStandardNormal", "truncatedNormal"],
      // TF.js has no method for these, or no function.
      ...[
        "scaledDotProductAttention",
        "attentionScores",
        "dropout",
        "multinomial",
        "moments",
        "gatherND",
        "scatterND",
        "bincount",
      ],
    ];
    const methods = new Set(Object.getOwnPropertyNames(sl.Tensor.prototype));
    const missing = Object.keys(publicOps).filter((name) => !methods.has(name));
    expect(missing.sort()).toEqual(without.sort());
  });

  test("are on variables too, and read them as they are now", async () => {
    const v = sl.variable(sl.tensor([1, 2]));
    v.assign(v.mul(10));
    expect(await v.add(1).array()).toEqual([11, 21]);
    v.dispose();
    expect(() => v.add(1)).toThrow(sl.DisposedError);
  });

  test("of a disposed tensor throw at the caller's line", () => {
    const gone = sl.tensor([1, 2]);
    gone.dispose();
    expect(() => gone.add(1)).toThrow(sl.DisposedError);
    expect(() => sl.tensor([1, 2]).mul(gone)).toThrow(sl.DisposedError);
  });
});
