import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { array, generator, zip } from "../../src/data/index.ts";
import { ArgumentError, DTypeError, ShapeError } from "../../src/errors.ts";
import { memory, Tensor, tensor } from "../../src/tensor/index.ts";

describe("batch", () => {
  test("stacks numbers, arrays, typed arrays, booleans and tensors, key by key", async () => {
    const rows = [0, 1, 2].map((i) => ({
      number: i / 2,
      flag: i === 1,
      nested: [[i], [i + 1]],
      typed: Float32Array.of(i, -i),
      ids: Int32Array.of(i, 7),
      wide: Float64Array.of(0.1 + i),
      host: tensor([i, i + 1], [2], "int32"),
      list: [Float32Array.of(i), { inner: i }],
    }));
    const [batch, rest] = await array(rows).batch(2).toArray();
    const shapes = (part: unknown): unknown =>
      part instanceof Tensor ? part.toString() : Object.values(part as object).map(shapes);
    expect(shapes(batch)).toEqual([
      "Tensor float32[2]",
      "Tensor bool[2]",
      "Tensor float32[2,2,1]",
      "Tensor float32[2,2]",
      "Tensor int32[2,2]",
      "Tensor float32[2,1]",
      "Tensor int32[2,2]",
      ["Tensor float32[2,1]", ["Tensor float32[2]"]],
    ]);
    expect(await batch?.nested.array()).toEqual([
      [[0], [1]],
      [[1], [2]],
    ]);
    expect(await batch?.flag.array()).toEqual([false, true]);
    expect(await batch?.host.array()).toEqual([
      [0, 1],
      [1, 2],
    ]);
    expect(await rest?.ids.array()).toEqual([[2, 7]]);
    expect(await array(rows).batch(2, false).toArray()).toHaveLength(1);
  });

  test("stacks on the host what the host has, and on the GPU what is there", async () => {
    const onHost = await array([tensor([1, 2]), tensor([3, 4])])
      .batch(2)
      .toArray();
    expect(onHost[0]?.isPending).toBe(false);
    const lazy = await array([tensor([1, 2]).add(1), tensor([3, 4])])
      .batch(2)
      .toArray();
    expect(lazy[0]?.isPending).toBe(true);
    expect(await lazy[0]?.array()).toEqual([
      [2, 3],
      [3, 4],
    ]);
  });

  test("undoes unbatching, for any batch size", async () => {
    const row = fc.tuple(fc.float({ noNaN: true }), fc.float({ noNaN: true }));
    await fc.assert(
      fc.asyncProperty(fc.array(row), fc.integer({ min: 1, max: 9 }), async (rows, size) => {
        const back: unknown[] = [];
        const positive = rows.map((one) => one.map((x) => x + 0)); // no -0, which toEqual tells from 0
        for await (const batch of array(positive).batch(size)) {
          back.push(...((await batch.array()) as unknown[]));
        }
        expect(back).toEqual(positive.map((one) => one.map(Math.fround)));
      }),
      { seed: 4, numRuns: 50 },
    );
  });

  test("leaves nothing on the GPU, and nothing on the host when the loop goes on", async () => {
    const before = memory();
    const source = generator(function* () {
      for (let i = 0; i < 200; i++) yield { xs: new Float32Array(50).fill(i), ys: i };
    });
    let total = 0;
    for await (const { xs, ys } of source.batch(10)) {
      total += Number(await xs.mean().mul(ys.mean()).array());
    }
    // Σ over 20 batches of the squared mean of 10 numbers in a row
    const expected = Array.from({ length: 20 }, (_, i) => (10 * i + 4.5) ** 2).reduce(
      (a, b) => a + b,
    );
    expect(total).toBeCloseTo(expected, 0);
    expect(memory().numBytes).toBe(before.numBytes);
  });

  const wrong: [string, unknown[], new (m: string) => Error, string][] = [
    [
      "shapes that differ",
      [{ xs: [1] }, { xs: [2] }, { xs: [1] }, { xs: [3, 4] }],
      ShapeError,
      'batch: element 3 under "xs" has shape [2], but element 2 has [1]. Expected one shape in a batch',
    ],
    [
      "numbers beside arrays",
      [1, [1]],
      ShapeError,
      "element 1 has shape [1], but element 0 has []",
    ],
    ["kinds that differ", [1, true], DTypeError, "element 1 is bool, but element 0 is float32"],
    ["ragged rows", [[[1], [2, 3]]], ShapeError, "batch: element 0: rows differ"],
    ["pairs of unequal depth", [[[1, 2], 5]], ShapeError, "batch: element 0"],
    ["text", [{ a: { b: "x" } }], DTypeError, 'batch: element 0 under "a.b" is "x"'],
    [
      "what is missing",
      [{ a: 1 }, { a: undefined }],
      DTypeError,
      'element 1 under "a" is undefined',
    ],
    [
      "a key that is missing",
      [{ a: 1 }, { b: 1 }],
      ShapeError,
      "element 1 is { b }, but element 0 is { a }",
    ],
    ["a key too many", [{ a: 1 }, { a: 1, b: 1 }], ShapeError, "element 1 is { a, b }"],
    ["lists of other lengths", [[{ a: 1 }], [{ a: 1 }, { a: 2 }]], ShapeError, "a list of 2"],
    ["objects of a class", [new Date(0)], DTypeError, "an object (Date)"],
    ["64-bit integers", [BigInt64Array.of(1n)], DTypeError, "BigInt64Array"],
    ["a mix in one row", [[1, true]], DTypeError, "mixes numbers and booleans"],
  ];

  test.each(wrong)("refuses %s", async (_what, rows, kind, message) => {
    const failure: unknown = await array(rows)
      .batch(2)
      .toArray()
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(kind);
    expect((failure as Error).message).toContain(message);
  });

  test("a wrong batch closes the other sources", async () => {
    let open = 0;
    const source = generator(function* () {
      open++;
      try {
        yield* [1, 2, 3];
      } finally {
        open--;
      }
    });
    const mixed = zip({ a: source, b: array([1, "x"]) }).batch(2);
    await expect(mixed.toArray()).rejects.toThrow(DTypeError);
    expect(open).toBe(0);
    expect(() => array([1]).batch(-1)).toThrow(ArgumentError);
  });
});
