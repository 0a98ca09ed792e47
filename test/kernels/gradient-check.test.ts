import { describe, expect, test } from "vitest";
import { ARENA_BYTES, cutIntoArenas } from "../../src/graph/arena-layout.ts";
import { HostScalar } from "../../src/graph/host-scalar.ts";
import { specOf } from "../../src/graph/spec.ts";
import { lowerGradientCheck } from "../../src/kernels/gradient-check.ts";
import { expectClose } from "../helpers/compare.ts";
import { randomFloats } from "../helpers/random-values.ts";
import { runKernel, tensor } from "../helpers/run-kernel.ts";
import { tolerances } from "../helpers/tolerances.ts";

interface Check {
  readonly gradients: readonly Float32Array[];
  readonly loss?: number;
  readonly before?: readonly [number, number];
  readonly step?: number;
  readonly sticky?: boolean;
  /** Scale, its inverse, good steps; and how many of these make it grow. */
  readonly lossScale?: { readonly before: readonly number[]; readonly growth: number };
  /** Bytes of an arena at most. */
  readonly most?: number;
  readonly limits?: { readonly maxComputeWorkgroupsPerDimension: number };
}

/** The padding between gradients holds NaN words: `runKernel` puts them there and checks that they stay. */
async function check({
  gradients,
  loss,
  before = [0, 0],
  step = 6,
  sticky = false,
  lossScale,
  most = ARENA_BYTES,
  limits,
}: Check) {
  const fault = tensor([4], Int32Array.from([...before, 0, 0]));
  const inputs = [...gradients.map((g) => tensor([g.length], g)), fault];
  if (loss !== undefined) inputs.push(tensor([], Float32Array.of(loss)));
  if (lossScale) inputs.push(tensor([4], Float32Array.from([...lossScale.before, 0])));
  const scalars = [HostScalar.of(step, "int32"), HostScalar.of(sticky ? 1 : 0, "int32")];
  if (lossScale) scalars.push(HostScalar.of(lossScale.growth, "int32"));
  const [control, after, scale] = await runKernel({
    lower: (context) => lowerGradientCheck(context, most),
    inputs,
    outputs: [specOf([4]), specOf([4], "int32"), ...(lossScale ? [specOf([4])] : [])],
    attributes: {
      gradients: gradients.length,
      hasLoss: loss !== undefined,
      hasLossScale: lossScale !== undefined,
    },
    scalars,
    colocated: cutIntoArenas(
      gradients.map((g) => specOf([g.length])),
      most,
    ),
    ...(limits && { limits }),
  });
  const [norm = Number.NaN, ok, share = Number.NaN, refused] = control ?? [];
  const scaleAfter = Array.from(scale ?? []).slice(0, 3);
  return { norm, ok, share, refused, fault: Array.from(after ?? []), scale: scaleAfter };
}

const lengths = [1, 63, 64, 65, 257, 5000];
const gradients = lengths.map((length, i) => randomFloats(length, i + 1));

describe("gradientCheck kernels", () => {
  test("give the global norm and accept finite gradients", async () => {
    const expected = Math.sqrt(gradients.flatMap((g) => [...g]).reduce((sum, g) => sum + g * g, 0));
    for (const limits of [undefined, { maxComputeWorkgroupsPerDimension: 3 }]) {
      const { norm, ok, fault } = await check({ gradients, loss: 0.5, ...(limits && { limits }) });
      expectClose([norm], [expected], tolerances.reduction);
      expect([ok, fault]).toEqual([1, [0, 0, 0, 0]]);
    }
  });

  test("go over gradients in several arenas", async () => {
    const expected = Math.sqrt(gradients.flatMap((g) => [...g]).reduce((sum, g) => sum + g * g, 0));
    for (const most of [256, 1024, 22_000]) {
      const { norm, ok } = await check({ gradients, most });
      expectClose([norm], [expected], tolerances.reduction);
      expect(ok).toBe(1);
      const broken = gradients.map((g, i) => (i === 2 ? g.slice().fill(Number.NaN) : g));
      expect((await check({ gradients: broken, most })).ok).toBe(0);
    }
  });

  test("add up an arena of more grains than there are workgroups", async () => {
    const large = randomFloats(300_001, 9);
    const { norm, ok } = await check({ gradients: [large, Float32Array.of(2)] });
    const expected = Math.sqrt(large.reduce((sum, g) => sum + g * g, 4));
    expectClose([norm], [expected], tolerances.reduction);
    expect(ok).toBe(1);
  });

  test("give a norm whose square is no float32", async () => {
    const huge = [Float32Array.of(3e30, 1, -4e30), Float32Array.of(2)];
    const { norm, share, ok } = await check({ gradients: huge });
    expectClose([norm, share], [5e30, 5e30 / 2 ** 80], tolerances.reduction);
    expect(ok).toBe(1);
    const most = await check({ gradients: [new Float32Array(4).fill(3.4e38)] });
    expectClose([most.norm, most.share], [3.4028234e38, 6.8e38 / 2 ** 80], tolerances.reduction);
  });

  test("add equal squares up to seven digits", async () => {
    const tenths = new Float32Array(10_000_000).fill(0.1);
    const { norm } = await check({ gradients: [tenths] });
    const expected = Math.fround(0.1) * Math.sqrt(tenths.length);
    expectClose([norm], [expected], tolerances.longSum);
  });

  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    test(`refuse ${bad} wherever it stands`, async () => {
      for (const [index, at] of [
        [0, 0],
        [2, 63],
        [3, 64],
        [5, 4999],
      ] as const) {
        const spoiled = gradients.map((g) => g.slice());
        (spoiled[index] as Float32Array)[at] = bad;
        const { ok, fault } = await check({ gradients: spoiled, loss: 1 });
        expect([ok, fault]).toEqual([0, [1, 7, 0, 0]]);
      }
    });

    test(`refuse the loss ${bad}`, async () => {
      const { ok, fault } = await check({ gradients, loss: bad });
      expect([ok, fault]).toEqual([0, [1, 7, 0, 0]]);
    });
  }

  test("accept the largest and the smallest finite numbers", async () => {
    const { ok } = await check({
      gradients: [Float32Array.of(3.4e38, -3.4e38, 1e-45)],
      loss: -3.4e38,
    });
    expect(ok).toBe(1);
  });

  test("count refused updates and remember the first", async () => {
    const bad = [Float32Array.of(Number.NaN)];
    const again = await check({ gradients: bad, before: [2, 5] });
    expect([again.ok, again.fault]).toEqual([0, [3, 5, 0, 0]]);
    const fine = await check({ gradients, before: [2, 5] });
    expect([fine.ok, fine.fault]).toEqual([1, [2, 5, 0, 0]]);
  });

  test("refuse everything after a fault where faults are sticky", async () => {
    const later = await check({ gradients, before: [1, 5], sticky: true });
    expect([later.ok, later.fault]).toEqual([0, [2, 5, 0, 0]]);
    const first = await check({ gradients, sticky: true });
    expect([first.ok, first.fault]).toEqual([1, [0, 0, 0, 0]]);
  });

  // [good?, scale before, 1 / it, good steps] → [accepted, refused, then the same three], growing after 3 good steps.
  test.each<[boolean, number[], number[]]>([
    [true, [8, 0.125, 0], [1, 0, 8, 0.125, 1]],
    [true, [8, 0.125, 2], [1, 0, 16, 0.0625, 0]],
    [true, [2 ** 24, 2 ** -24, 2], [1, 0, 2 ** 24, 2 ** -24, 0]],
    [true, [2 ** 24 - 8, 1 / (2 ** 24 - 8), 2], [1, 0, 2 ** 24, 2 ** -24, 0]],
    [false, [8, 0.125, 2], [0, 0, 4, 0.25, 0]],
    [false, [1.5, 1 / 1.5, 2], [0, 0, 1, 1, 0]],
    [false, [1, 1, 2], [0, 1, 1, 1, 0]],
  ])("keep a loss scale: good %s, from %j to %j", async (isGood, from, expected) => {
    const bad = isGood ? gradients : [Float32Array.of(Number.NaN)];
    const lossScale = { before: from, growth: 3 };
    const { ok, refused, fault, scale } = await check({ gradients: bad, loss: 1, lossScale });
    expect([ok, refused, ...scale]).toEqual(expected);
    expect(fault).toEqual(refused ? [1, 7, 0, 0] : [0, 0, 0, 0]);
  });

  test("leave the loss scale alone after a sticky fault", async () => {
    const stopped = { before: [1, 5], sticky: true } as const;
    for (const some of [gradients, [Float32Array.of(Number.NaN)]]) {
      const lossScale = { before: [8, 0.125, 2], growth: 3 };
      const found = await check({ gradients: some, ...stopped, lossScale });
      expect([found.ok, found.refused, ...found.scale]).toEqual([0, 1, 8, 0.125, 2]);
      expect(found.fault).toEqual([2, 5, 0, 0]);
    }
  });
});
