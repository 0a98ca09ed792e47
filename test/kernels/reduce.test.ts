import * as sl from "sluice";
import { describe, expect, test } from "vitest";
import { expectClose } from "../helpers/compare.ts";
import { tolerances } from "../helpers/tolerances.ts";

const MILLION = 1_000_000;
/** Elements that one workgroup reduces. */
const BLOCK = 8192;
const tenth = Math.fround(0.1);

const filled = (size: number, at: (i: number) => number): Float32Array =>
  Float32Array.from({ length: size }, (_, i) => at(i));

async function dispatchesOf(tensor: sl.Tensor): Promise<number> {
  return (await sl.explain(tensor)).dispatches.length;
}

describe("long reductions", () => {
  test.each([MILLION, 10 * MILLION])("a sum of %i tenths is right to six digits", async (size) => {
    const x = sl.variable(sl.tensor(filled(size, () => tenth)), false);
    expectClose(await x.sum().data(), [tenth * size], tolerances.longSum);
    expectClose(await x.mean().data(), [tenth], tolerances.longSum);
    x.dispose();
  });

  test("a sum over more elements than memory holds is right, and so is its prologue", async () => {
    // 2.9e8 twos through three levels of partials, without a byte of input.
    const twos = sl.ones([1]).mul(sl.range(1, 2)).add(1).broadcastTo([4096, 4096, 17]);
    expectClose(await twos.sum().data(), [2 * 4096 * 4096 * 17], tolerances.longSum);
  });

  test("every kind agrees with the host at lengths around a block", async () => {
    for (const size of [BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 1]) {
      const values = filled(size, (i) => Math.fround(Math.sin(i * 12.9898)));
      const x = sl.tensor(values);
      const highest = values.reduce((a, b) => Math.max(a, b));
      const lowest = values.reduce((a, b) => Math.min(a, b));
      const squares = values.reduce((sum, v) => sum + v * v, 0);
      expectClose(await x.square().sum().data(), [squares], tolerances.longSum);
      expect(await x.max().data()).toEqual(Float32Array.of(highest));
      expect(await x.min().data()).toEqual(Float32Array.of(lowest));
      expect(await x.argMax().data()).toEqual(Int32Array.of(values.indexOf(highest)));
      expect(await x.argMin().data()).toEqual(Int32Array.of(values.indexOf(lowest)));
      expect([...(await x.greater(highest).any().data())]).toEqual([0]);
      expect([...(await x.lessEqual(highest).all().data())]).toEqual([1]);
      const signs = filled(size, (i) => (i % 2 ? -1 : 1));
      const product = await sl.tensor(signs).prod().data();
      expect([...product]).toEqual([Math.floor(size / 2) % 2 ? -1 : 1]);
      expect([
        ...(await sl
          .tensor([...signs], undefined, "int32")
          .sum()
          .data()),
      ]).toEqual([size % 2]);
    }
  });

  test("columns are cut into blocks, too", async () => {
    const [outer, length, inner] = [2, 2 * BLOCK + 1, 35];
    const values = filled(outer * length * inner, (i) => ((i * 7919) % 1013) / 1013);
    const expected = new Array<number>(outer * inner).fill(0);
    values.forEach((value, i) => {
      const at = Math.floor(i / (length * inner)) * inner + (i % inner);
      expected[at] = (expected[at] ?? 0) + value;
    });
    const x = sl.variable(sl.tensor(values, [outer, length, inner]), false);
    expectClose(await x.sum(1).data(), expected, tolerances.longSum);
    expectClose(
      await x.sum(1).mul(2).data(),
      expected.map((total) => 2 * total),
      tolerances.longSum,
    );
    x.dispose();
  });

  test("a run that one workgroup holds stays one dispatch, a longer one is two", async () => {
    const x = sl.variable(sl.zeros([BLOCK]), false);
    const y = sl.variable(sl.zeros([BLOCK + 1]), false);
    expect(await dispatchesOf(x.square().mean())).toBe(1);
    expect(await dispatchesOf(y.square().mean())).toBe(2);
    const plan = await sl.explain(sl.variable(sl.zeros([MILLION]), false).sum());
    expect(plan.dispatches[0]?.workgroups).toEqual([Math.ceil(MILLION / BLOCK), 1, 1]);
  });

  test("an epilogue that reads much and a long prologue that reads nothing share no binding", async () => {
    const parts = Array.from({ length: 6 }, (_, i) => sl.variable(sl.tensor([i + 1]), false));
    const long = sl.ones([2]).broadcastTo([5000, 2]).mul(sl.scalar(3)).sum().reshape([1]);
    const total = parts.reduce<sl.Tensor>((sum, part) => sum.add(part), long);
    expect([...(await total.data())]).toEqual([30000 + 21]);
  });
});

describe("NaN in reductions", () => {
  test.each([3, 65, 5000, 9000])("the first NaN of %i wins argMax and argMin", async (size) => {
    for (const first of [0, 1, Math.floor(size / 2), size - 2]) {
      const values = filled(size, (i) => (i === 0 ? 1e30 : -i));
      values[first] = Number.NaN;
      values[size - 1] = Number.NaN;
      const x = sl.tensor(values);
      const rows = sl.stack([sl.zeros([size]), x]);
      const columns = sl.transpose(rows);
      expect([...(await x.argMax().data())]).toEqual([first]);
      expect([...(await x.argMin().data())]).toEqual([first]);
      expect([...(await rows.argMax(1).data())]).toEqual([0, first]);
      expect([...(await columns.argMin(0).data())]).toEqual([0, first]);
      expect([...(await x.max().data()), ...(await x.min().data())]).toEqual([
        Number.NaN,
        Number.NaN,
      ]);
    }
  });

  test("infinities and zeros of either sign keep their order", async () => {
    const { POSITIVE_INFINITY: most, NEGATIVE_INFINITY: least } = Number;
    expect([...(await sl.tensor([least, least]).argMax().data())]).toEqual([0]);
    expect([...(await sl.tensor([most, 3e38, most]).argMax().data())]).toEqual([0]);
    expect([...(await sl.tensor([most, 3e38, least]).argMin().data())]).toEqual([2]);
    expect([...(await sl.tensor([-0, 0, -0]).argMax().data())]).toEqual([0]);
    expect([...(await sl.tensor([0, -0]).argMin().data())]).toEqual([0]);
    const ends = sl.tensor([2147483647, -2147483648], undefined, "int32");
    expect([...(await ends.argMax().data()), ...(await ends.argMin().data())]).toEqual([0, 1]);
  });
});
