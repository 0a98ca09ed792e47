import * as sl from "sluice";
import { describe, expect, test } from "vitest";
import { decodeSafetensors, encodeSafetensors } from "../../src/formats/index.ts";
import { roundToHalf } from "../../src/graph/half.ts";
import { testDevice } from "../helpers/adapter.ts";

const hasHalf = (await testDevice()).features.has("shader-f16");

/** Signs, ties, the least and greatest halves, what lies beyond them, and an odd count. */
const NUMBERS = [
  0,
  -0,
  1,
  -2.5,
  0.1,
  1 / 3,
  2048.5,
  2049,
  65504,
  -65519,
  65520,
  1e9,
  -1e9,
  6.2e-5,
  1e-9,
];
const HALVES = Float32Array.from(NUMBERS, roundToHalf);

describe("on the host", () => {
  test("numbers are rounded when a tensor is made of them, ties to even", async () => {
    const made = sl.tensor(NUMBERS, [15], "float16");
    expect(made.dtype).toBe("float16");
    expect(await made.data()).toEqual(HALVES);
    // IEEE 754-2019, binary16: 11 bits, so that 2048.5 and 2049 lie between neighbours that are 2 apart.
    expect([...HALVES.subarray(4, 12)]).toEqual([
      0.0999755859375,
      0.333251953125,
      2048,
      2048,
      65504,
      -65504,
      Infinity,
      Infinity,
    ]);
    expect(made.toString()).toContain("float16[15]");
  });

  test("a file of safetensors holds two bytes each, and comes back as float32", () => {
    const data = HALVES.map((x) => (Number.isFinite(x) ? x : 0));
    const file = encodeSafetensors([{ name: "h", dtype: "float16", shape: [3, 5], data }]);
    const back = decodeSafetensors(file).tensors.get("h");
    expect(back).toMatchObject({ dtype: "F16", shape: [3, 5] });
    expect(back?.bytes).toHaveLength(30);
  });

  test("float16 meets others as the middle of the floats", () => {
    const [half, wide, whole] = [sl.ones([2], "float16"), sl.ones([2]), sl.ones([2], "int32")];
    const isKept = {
      number: half.mul(0.1),
      whole: half.add(whole),
      where: sl.where(half.greater(0), half, 0),
    };
    for (const one of Object.values(isKept)) expect(one.dtype).toBe("float16");
    for (const one of [
      half.add(wide),
      sl.concat([half, wide]),
      sl.where(half.greater(0), half, wide),
    ]) {
      expect(one.dtype).toBe("float32");
    }
    expect(sl.matMul(sl.ones([2, 2], "float16"), sl.ones([2, 2])).dtype).toBe("float32");
    expect(half.greater(0).dtype).toBe("bool");
    expect(half.argMax().dtype).toBe("int32");
  });

  test("a variable of float32 does not take halves unasked", () => {
    const wide = sl.variable(sl.zeros([2]));
    expect(() => wide.assign(sl.ones([2], "float16"))).toThrow(sl.DTypeError);
  });
});

if (hasHalf) describe("on the GPU", onTheGpu);
else {
  test("a device without halves says so, and works on", async () => {
    const half = sl.tensor([1, 2, 3], [3], "float16");
    await expect(half.add(1).data()).rejects.toThrow(sl.UnsupportedError);
    expect(await sl.tensor([1, 2, 3]).add(1).data()).toEqual(Float32Array.of(2, 3, 4));
  });
}

function onTheGpu(): void {
  test("a cast rounds as the host does, also where nothing is stored", async () => {
    const wide = sl.tensor(NUMBERS);
    const stored = await wide.neg().neg().cast("float16").data();
    const fused = await wide.neg().neg().cast("float16").cast("float32").data();
    // 65519 and what lies above 65504 in general may become the greatest half or infinity: rounding is the device's.
    const isCertain = (_: number, i: number): boolean =>
      Math.abs(NUMBERS[i] ?? 0) <= 65504 || Math.abs(NUMBERS[i] ?? 0) > 1e6;
    for (const actual of [stored, fused]) {
      expect([...actual].filter(isCertain)).toEqual([...HALVES].filter(isCertain));
    }
  });

  test("a plain number is not rounded", async () => {
    const tiny = sl
      .zeros([1], "float16")
      .add(1e-6)
      .mul(2 ** 20);
    expect((await tiny.data())[0]).toBeCloseTo(1e-6 * 2 ** 20, 3);
  });

  test("sums are float32 inside: 4,096 times 1/8 and 100 times 1,000", async () => {
    expect(await sl.fill([4096], 0.125, "float16").sum().data()).toEqual(Float32Array.of(512));
    expect(await sl.fill([100], 1000, "float16").mean().data()).toEqual(Float32Array.of(1000));
    const [a, b] = [sl.fill([1, 4096], 0.125, "float16"), sl.ones([4096, 1], "float16")];
    expect(await sl.matMul(a, b).data()).toEqual(Float32Array.of(512));
    expect(await sl.norm(sl.fill([16], 1000, "float16")).data()).toEqual(Float32Array.of(4000));
    const image = sl.fill([1, 4, 4, 1], 30_000, "float16");
    expect(await sl.avgPool(image, 2, 2, "valid").max().data()).toEqual(Float32Array.of(30_000));
  });

  test.each([1, 2, 3, 5, 63, 255])("%i elements go there and back", async (size) => {
    const numbers = Float32Array.from({ length: size }, (_, i) => roundToHalf(Math.sin(i)));
    const half = sl.tensor(numbers, [size], "float16");
    const state = sl.variable(half, false);
    state.assign(state.mul(2));
    expect(await state.data()).toEqual(numbers.map((x) => 2 * x));
    expect(await half.neg().reverse().data()).toEqual(numbers.map((x) => -x).reverse());
    expect(await sl.concat([half, half.add(0)]).data()).toEqual(
      Float32Array.of(...numbers, ...numbers),
    );
    expect(
      await half
        .add(0)
        .slice([size - 1], [1])
        .data(),
    ).toEqual(numbers.subarray(size - 1));
    state.dispose();
  });

  test("memory() counts two bytes an element, in whole words", async () => {
    const before = sl.memory().numBytes;
    const [even, odd] = [
      sl.variable(sl.zeros([6], "float16")),
      sl.variable(sl.zeros([7], "float16")),
    ];
    expect(sl.memory().numBytes - before).toBe(12 + 16);
    even.dispose();
    odd.dispose();
  });

  test("a compiled function takes and gives halves", async () => {
    const step = sl.compile((x: sl.Tensor) => x.mul(2).add(1));
    for (const size of [3, 40_001]) {
      const x = sl.range(0, size).mod(100).cast("float16");
      const y = step(x);
      expect(y.dtype).toBe("float16");
      expect((await y.data()).subarray(0, 3)).toEqual(Float32Array.of(1, 3, 5));
    }
    step.dispose();
  });

  test("gradients are halves for halves, and float32 for what was cast", async () => {
    const wide = sl.variable(sl.tensor([0.5, -1.5, 2]));
    const { grads } = sl.variableGrads(() => wide.cast("float16").square().sum());
    const gradient = grads[wide.name];
    expect(gradient?.dtype).toBe("float32");
    expect(await gradient?.data()).toEqual(Float32Array.of(1, -3, 4));
    const ofHalf = sl.grad((x) => x.square().sum())(sl.tensor([0.5, -1.5], [2], "float16"));
    expect(ofHalf.dtype).toBe("float16");
    expect(await ofHalf.data()).toEqual(Float32Array.of(1, -3));
    wide.dispose();
  });
}
