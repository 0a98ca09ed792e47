import * as sl from "sluice";
import { describe, expect, test } from "vitest";
import { HostScalar } from "../../src/graph/host-scalar.ts";
import { ops } from "../../src/ops/index.ts";
import {
  normal,
  randomWords,
  threefry,
  truncatedNormal,
  uniform,
  uniformBits,
} from "../../src/ops/random-bits.ts";

describe("threefry", () => {
  // Known answers of the authors' library Random123, file kat_vectors, threefry2x32 with 20 rounds.
  test.each([
    [
      [0, 0],
      [0, 0],
      [0x6b200159, 0x99ba4efe],
    ],
    [
      [0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x1cb996fc, 0xbb002be7],
    ],
    [
      [0x13198a2e, 0x03707344],
      [0x243f6a88, 0x85a308d3],
      [0xc4923a9c, 0x483df7a0],
    ],
  ] as [number, number][][])("key %j, counter %j gives %j", (key, counter, expected) => {
    expect(threefry(key as [number, number], counter as [number, number])).toEqual(expected);
  });
});

describe("random numbers on the GPU", () => {
  test("have the bits of the host's generator, for keys of both signs", async () => {
    for (const key of [0, 1, -1, 123456789, -2147483648]) {
      const bits = ops.randomBits([3, 257], HostScalar.of(key, "int32"));
      const expected = Int32Array.from({ length: 771 }, (_, i) => uniformBits(key, i) | 0);
      expect(await sl.Tensor.of(bits).data()).toEqual(expected);
    }
  });

  test("uniform numbers are those of the host, bit for bit, and stay below 1", async () => {
    const drawn = await sl.randomUniform([4099], 0, 1, "float32", 42).data();
    expect(drawn).toEqual(Float32Array.from({ length: 4099 }, (_, i) => uniform(42, i)));
    expect(Math.max(...drawn)).toBeLessThan(1);
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0);
  });

  test("equal seeds give equal numbers, whatever else is computed", async () => {
    const first = await sl.randomNormal([7, 3], 0, 1, "float32", 5).data();
    const again = sl.randomNormal([7, 3], 0, 1, "float32", 5);
    const both = sl.concat([again, again.mul(2)]);
    expect((await both.data()).slice(0, 21)).toEqual(first);
    const other = await sl.randomNormal([7, 3], 0, 1, "float32", 6).data();
    expect(other).not.toEqual(first);
  });

  test("without a seed each call draws anew, and setSeed starts over", async () => {
    sl.setSeed(11);
    const first = await sl.randomUniform([5]).data();
    const second = await sl.randomUniform([5]).data();
    expect(second).not.toEqual(first);
    sl.setSeed(11);
    expect(await sl.randomUniform([5]).data()).toEqual(first);
    expect(await sl.randomUniform([5]).data()).toEqual(second);
  });

  test("a compiled function draws at each run what eager calls draw", async () => {
    sl.setSeed(3);
    const step = sl.compile((x: sl.Tensor) => sl.dropout(x, 0.5));
    const x = sl.ones([64]);
    const runs = [await step(x).data(), await step(x).data(), await step(x).data()];
    expect(runs[1]).not.toEqual(runs[0]);
    expect(runs[2]).not.toEqual(runs[1]);
    step.dispose();
    sl.setSeed(3);
    const eager = [];
    for (let i = 0; i < 3; i++) eager.push(await sl.dropout(x, 0.5).data());
    expect(runs).toEqual(eager);
  });
});

describe("distributions", () => {
  const COUNT = 40_000;
  const moments = (draw: (i: number) => number): { mean: number; variance: number } => {
    let [sum, squares] = [0, 0];
    for (let i = 0; i < COUNT; i++) {
      const x = draw(i);
      sum += x;
      squares += x * x;
    }
    return { mean: sum / COUNT, variance: squares / COUNT - (sum / COUNT) ** 2 };
  };
  /** Five standard errors of a mean, for a population of this standard deviation. */
  const slack = (deviation: number): number => (5 * deviation) / Math.sqrt(COUNT);

  test("uniform: mean 1/2, variance 1/12", () => {
    const { mean, variance } = moments((i) => uniform(7, i));
    expect(Math.abs(mean - 0.5)).toBeLessThan(slack(Math.sqrt(1 / 12)));
    // The variance of the square of a centred uniform number is 1/180.
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(slack(Math.sqrt(1 / 180)));
  });

  test("normal: mean 0, variance 1, 4.55 % beyond two deviations", () => {
    const { mean, variance } = moments((i) => normal(7, i));
    expect(Math.abs(mean)).toBeLessThan(slack(1));
    expect(Math.abs(variance - 1)).toBeLessThan(slack(Math.SQRT2));
    const { mean: tail } = moments((i) => (Math.abs(normal(8, i)) > 2 ? 1 : 0));
    expect(Math.abs(tail - 0.0455)).toBeLessThan(slack(Math.sqrt(0.0455 * 0.9545)));
  });

  test("truncated normal: inside two deviations, variance 0.774", () => {
    let furthest = 0;
    const { mean, variance } = moments((i) => {
      const x = truncatedNormal(7, i);
      furthest = Math.max(furthest, Math.abs(x));
      return x;
    });
    expect(furthest).toBeLessThan(2);
    expect(Math.abs(mean)).toBeLessThan(slack(0.88));
    // 1 - 2·2·φ(2)/(Φ(2) - Φ(-2)), Johnson, Kotz & Balakrishnan, "Continuous univariate
    // distributions".
    expect(Math.abs(variance - 0.7737)).toBeLessThan(slack(1));
  });

  test("neighbouring indices and keys are uncorrelated", () => {
    const centred = (key: number, i: number): number => uniform(key, i) - 0.5;
    for (const pair of [
      (i: number) => centred(5, i) * centred(5, i + 1),
      (i: number) => centred(5, i) * centred(6, i),
      (i: number) => (randomWords(5, i)[1] / 2 ** 32 - 0.5) * centred(5, i),
    ]) {
      expect(Math.abs(moments(pair).mean)).toBeLessThan(slack(1 / 12));
    }
  });

  test("dropout keeps the mean and drops the share that was asked for", async () => {
    const x = await sl.dropout(sl.ones([COUNT]), 0.3, undefined, 9).data();
    const dropped = x.filter((value) => value === 0).length / COUNT;
    expect(Math.abs(dropped - 0.3)).toBeLessThan(slack(Math.sqrt(0.21)));
    expect(new Set(x)).toEqual(new Set([0, Math.fround(1 / 0.7)]));
  });

  test("multinomial draws each class as often as its probability says", async () => {
    const probabilities = [0.1, 0.2, 0.3, 0.4];
    const drawn = await sl.multinomial(probabilities, COUNT / 4, 3, true).data();
    probabilities.forEach((p, k) => {
      const share = drawn.filter((value) => value === k).length / drawn.length;
      expect(Math.abs(share - p)).toBeLessThan(2 * slack(Math.sqrt(p * (1 - p))));
    });
  });
});
