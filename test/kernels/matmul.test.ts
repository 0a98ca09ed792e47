import { describe, expect, test } from "vitest";
import { DEFAULT_LIMITS } from "../../src/gpu/limits.ts";
import { type Shape, sizeOf } from "../../src/graph/shape.ts";
import { specOf } from "../../src/graph/spec.ts";
import type { Epilogue } from "../../src/kernels/dispatch.ts";
import { chooseMatMul, lowerMatMul, slabsFor } from "../../src/kernels/matmul.ts";
import type { MatMulShape } from "../../src/kernels/matmul-shape.ts";
import { expectClose } from "../helpers/compare.ts";
import { randomFloats } from "../helpers/random-values.ts";
import { pipelineCount, runKernel, tensor } from "../helpers/run-kernel.ts";
import { matMulTolerance } from "../helpers/tolerances.ts";

describe("matMul kernel", () => {
  // M, K, N: ones, primes, multiples of 4, one more and one less than a tile or a workgroup.
  const sizes = [
    [1, 1, 1],
    [1, 7, 5],
    [3, 4, 8],
    [4, 8, 4],
    [5, 3, 2],
    [8, 5, 9],
    [31, 13, 17],
    [33, 16, 64],
    [65, 20, 12],
    [2, 257, 3],
    [257, 6, 1],
    [40, 64, 70],
  ] as const;
  const transposes = [
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ] as const;

  for (const [transposeA, transposeB] of transposes) {
    test(`multiplies with transposeA ${transposeA}, transposeB ${transposeB}`, async () => {
      for (const [m, k, n] of sizes) {
        await check({ m, k, n, transposeA, transposeB });
      }
    });
  }

  test("multiplies matrices of several workgroups each way", async () => {
    for (const [transposeA, transposeB] of transposes) {
      await check({ m: 200, k: 187, n: 185, transposeA, transposeB });
    }
  });

  test("splits a long sum into slabs", async () => {
    await check({ m: 20, k: 1031, n: 24, transposeA: true, transposeB: false });
    await check({ m: 9, k: 2051, n: 31, transposeA: false, transposeB: false });
  });

  test("broadcasts batch axes on either side", async () => {
    const cases: readonly (readonly [Shape, Shape])[] = [
      [
        [2, 5, 3],
        [3, 4],
      ],
      [
        [5, 3],
        [2, 3, 4],
      ],
      [
        [2, 3, 5, 3],
        [3, 3, 4],
      ],
      [
        [2, 1, 5, 3],
        [1, 3, 3, 4],
      ],
      [
        [2, 1, 2, 1, 5, 4],
        [3, 1, 2, 4, 8],
      ],
      [
        [1, 6, 4],
        [7, 4, 4],
      ],
    ];
    for (const [a, b] of cases) {
      await checkShapes(a, b, [false, false]);
      await checkShapes(a, swapped(b), [false, true]);
      await checkShapes(swapped(a), b, [true, false]);
      await checkShapes(swapped(a), swapped(b), [true, true]);
    }
  });

  test("applies the epilogue to every element, also after slabs", async () => {
    const epilogue: Epilogue = {
      dtype: "float32",
      emit: (first) =>
        `@group(0) @binding(1) var<uniform> words: array<vec4<u32>, 1>;
         @group(0) @binding(${first}) var<storage, read> in0: array<f32>;
         fn epilogue(value: f32, index: u32) -> f32 {
           return (value + in0[index % words[0].x]) * bitcast<f32>(words[0].y);
         }`,
      layout: "r",
      bindings: [{ kind: "extra", index: 0 }],
      words: { fixed: new Uint32Array([9, 0x40000000 /* 2.0 */, 0, 0]), scalars: [], stepped: [] },
      flopsPerElement: 2,
    };
    const bias = randomFloats(9, 5);
    for (const transposeA of [false, true]) {
      const options = { m: 12, k: 600, n: 9, transposeA, transposeB: false };
      const after = (value: number, index: number): number => (value + (bias[index % 9] ?? 0)) * 2;
      await check(options, { epilogue, extras: [tensor([9], bias)], after });
    }
  });

  test("counts workgroups beyond one dimension of the grid", async () => {
    const limits = { maxComputeWorkgroupsPerDimension: 3 };
    await check({ m: 260, k: 5, n: 7, transposeA: false, transposeB: false }, { limits });
    await check({ m: 20, k: 1031, n: 24, transposeA: true, transposeB: false }, { limits });
  });

  test("lets no element outside the matrices in, whatever it holds", async () => {
    // K = 5 leaves three terms of the last group of four outside; infinity times 0 would be NaN.
    const a = new Float32Array(10).fill(1);
    const b = new Float32Array(15).fill(1);
    a[9] = Number.POSITIVE_INFINITY;
    const [out] = await runKernel({
      lower: lowerMatMul,
      inputs: [tensor([2, 5], a), tensor([5, 3], b)],
      outputs: [specOf([2, 3])],
      attributes: { transposeA: false, transposeB: false },
    });
    expect(Array.from(out ?? [])).toEqual([
      5,
      5,
      5,
      ...new Array(3).fill(Number.POSITIVE_INFINITY),
    ]);
  });

  test("makes no pipeline for another batch or sequence length", async () => {
    const step = async (rows: number): Promise<void> => {
      await check({ m: rows, k: 12, n: 20, transposeA: false, transposeB: false });
      await check({ m: rows, k: 20, n: 12, transposeA: false, transposeB: true });
      await check({ m: 12, k: rows, n: 20, transposeA: true, transposeB: false });
    };
    await step(1);
    const before = pipelineCount();
    for (const rows of [2, 3, 4, 31, 320, 1030]) await step(rows);
    expect(pipelineCount()).toBe(before);
  });

  test("gives the same bits every time", async () => {
    const run = async (): Promise<number[]> => {
      const out = await product([1031, 20], [1031, 24], [true, false]);
      return Array.from(new Uint32Array(out.buffer));
    };
    expect(await run()).toEqual(await run());
  });
});

describe("chooseMatMul", () => {
  const shape: MatMulShape = {
    m: 64,
    n: 512,
    k: 2048,
    transposeA: true,
    transposeB: false,
    batches: 1,
    batchAxes: [],
    isBatched: false,
    aShape: [2048, 64],
    bShape: [2048, 512],
  };

  test("chooses by the sizes that a model fixes, not by batch or time", () => {
    for (const k of [1, 33, 100_000])
      expect(chooseMatMul({ ...shape, k })).toEqual(chooseMatMul(shape));
    const forward = { ...shape, transposeA: false, k: 64 };
    for (const m of [1, 33, 100_000]) {
      expect(chooseMatMul({ ...forward, m })).toEqual(chooseMatMul(forward));
    }
    const products = (batches: number): MatMulShape => ({
      ...{ ...shape, batches, isBatched: true },
      ...{ aShape: [batches, 2048, 64], bShape: [batches, 2048, 512] },
    });
    for (const batches of [2, 3, 100]) {
      expect(chooseMatMul(products(batches))).toEqual(chooseMatMul(products(1)));
    }
  });

  test("cuts K into slabs that cover it and fit the binding limit", () => {
    for (const k of [1, 4, 127, 128, 2048, 2049, 99_999]) {
      const cut = slabsFor({ ...shape, k }, chooseMatMul(shape), 1 << 20);
      expect(cut.slabs * cut.depth).toBeGreaterThanOrEqual(k);
      expect((cut.slabs - 1) * cut.depth).toBeLessThan(k);
      expect(cut.slabs * 64 * 512 * 4).toBeLessThanOrEqual(1 << 20);
    }
  });

  test("needs no device", () => {
    expect(DEFAULT_LIMITS.maxComputeInvocationsPerWorkgroup).toBeGreaterThanOrEqual(64);
    const { lanesX, lanesY } = chooseMatMul(shape);
    expect(lanesX * lanesY).toBe(64);
  });
});

interface Sizes {
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

interface CheckOptions {
  readonly epilogue?: Epilogue;
  readonly extras?: readonly ReturnType<typeof tensor>[];
  readonly after?: (value: number, index: number) => number;
  readonly limits?: { readonly maxComputeWorkgroupsPerDimension: number };
}

async function check(sizes: Sizes, options: CheckOptions = {}): Promise<void> {
  const { m, k, n, transposeA, transposeB } = sizes;
  const aShape = transposeA ? [k, m] : [m, k];
  const bShape = transposeB ? [n, k] : [k, n];
  await checkShapes(aShape, bShape, [transposeA, transposeB], options);
}

async function checkShapes(
  aShape: Shape,
  bShape: Shape,
  transposes: readonly [boolean, boolean],
  ...[options = {}]: [CheckOptions?]
): Promise<void> {
  const actual = await product(aShape, bShape, transposes, options);
  const values = operands(aShape, bShape);
  const { data } = multiply(values, transposes);
  const expected = options.after ? data.map(options.after) : data;
  const depth = aShape.at(transposes[0] ? -2 : -1) ?? 1;
  const label = `[${aShape}] x [${bShape}] transposed ${transposes}`;
  expectClose(actual, expected, { ...matMulTolerance(depth), label });
}

async function product(
  aShape: Shape,
  bShape: Shape,
  transposes: readonly [boolean, boolean],
  ...[options = {}]: [CheckOptions?]
): Promise<Float32Array> {
  const values = operands(aShape, bShape);
  const { after: _, ...run } = options;
  const [out] = await runKernel({
    lower: lowerMatMul,
    inputs: [values.a, values.b],
    outputs: [specOf(multiply(values, transposes).shape)],
    attributes: { transposeA: transposes[0], transposeB: transposes[1] },
    ...run,
  });
  return out as Float32Array;
}

interface Operands {
  readonly a: ReturnType<typeof tensor>;
  readonly b: ReturnType<typeof tensor>;
}

function operands(aShape: Shape, bShape: Shape): Operands {
  return {
    a: tensor(aShape, randomFloats(sizeOf(aShape), 1)),
    b: tensor(bShape, randomFloats(sizeOf(bShape), 2)),
  };
}

function swapped(shape: Shape): Shape {
  return [...shape.slice(0, -2), shape.at(-1) ?? 1, shape.at(-2) ?? 1];
}

/** The product by its definition, in double precision. */
function multiply(
  { a, b }: Operands,
  [transposeA, transposeB]: readonly [boolean, boolean],
): { shape: Shape; data: Float64Array } {
  const [k, m] = transposeA ? a.shape.slice(-2) : swapped(a.shape).slice(-2);
  const n = b.shape.at(transposeB ? -2 : -1);
  if (m === undefined || k === undefined || n === undefined) throw new Error("rank");
  const rank = Math.max(a.shape.length, b.shape.length) - 2;
  const aBatch = [...new Array(rank).fill(1), ...a.shape.slice(0, -2)].slice(-rank || rank + 99);
  const bBatch = [...new Array(rank).fill(1), ...b.shape.slice(0, -2)].slice(-rank || rank + 99);
  const batch = aBatch.map((dim, i) => Math.max(dim, bBatch[i] ?? 1));
  const shape = [...batch, m, n];
  const data = new Float64Array(sizeOf(shape));
  for (let index = 0; index < data.length; index++) {
    const [row, column] = [Math.floor(index / n) % m, index % n];
    const aStart = startOf(aBatch, batch, Math.floor(index / (m * n))) * m * k;
    const bStart = startOf(bBatch, batch, Math.floor(index / (m * n))) * k * n;
    let sum = 0;
    for (let i = 0; i < k; i++) {
      const x = a.data[aStart + (transposeA ? i * m + row : row * k + i)] ?? Number.NaN;
      const y = b.data[bStart + (transposeB ? column * k + i : i * n + column)] ?? Number.NaN;
      sum += x * y;
    }
    data[index] = sum;
  }
  return { shape, data };
}

/** Number of the operand's matrix that belongs to matrix `index` of the broadcast batch. */
function startOf(own: Shape, batch: Shape, index: number): number {
  let rest = index;
  let stride = 1;
  let start = 0;
  for (let axis = batch.length - 1; axis >= 0; axis--) {
    const at = rest % (batch[axis] ?? 1);
    rest = Math.floor(rest / (batch[axis] ?? 1));
    if (own[axis] !== 1) start += at * stride;
    stride *= own[axis] ?? 1;
  }
  return start;
}
