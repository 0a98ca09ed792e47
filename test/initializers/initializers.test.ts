import { describe, expect, test } from "vitest";
import { ArgumentError, ShapeError } from "../../src/errors.ts";
import { sizeOf } from "../../src/graph/shape.ts";
import { computeFans } from "../../src/initializers/fans.ts";
import {
  getInitializer,
  type Initializer,
  type InitializerLike,
  initializers,
  serializeInitializer,
} from "../../src/initializers/index.ts";
import { layers } from "../../src/layers/index.ts";
import { registerClass } from "../../src/names/class-registry.ts";
import { ones, tensor } from "../../src/tensor/index.ts";
import { setSeed } from "../../src/tensor/seed.ts";

interface Moments {
  readonly mean: number;
  readonly deviation: number;
  readonly largest: number;
}

function momentsOf(values: Float32Array): Moments {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
  const largest = values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  return { mean, deviation: Math.sqrt(variance), largest };
}

const SHAPE = [200, 300];
const SIZE = 60_000;

/** Five standard errors: of a mean, and (generously, for light tails) of a deviation. */
const meanError = (deviation: number) => (5 * deviation) / Math.sqrt(SIZE);

describe("random initializers", () => {
  // name, expected deviation, and the bound that no value may pass: Keras 3's formulas at fanIn 200
  // and fanOut 300.
  const cut = 0.87962566103423978; // deviation of a normal distribution cut off at 2
  const rows: [string, InitializerLike, number, number][] = [
    ["randomUniform", initializers.randomUniform({ seed: 1 }), 0.05 / Math.sqrt(3), 0.05],
    ["randomNormal", initializers.randomNormal({ seed: 2 }), 0.05, 0.05 * 6],
    ["truncatedNormal", initializers.truncatedNormal({ seed: 3 }), 0.05 * cut, 0.1],
    [
      "glorotUniform",
      initializers.glorotUniform({ seed: 4 }),
      Math.sqrt(2 / 500),
      Math.sqrt(6 / 500),
    ],
    [
      "glorotNormal",
      initializers.glorotNormal({ seed: 5 }),
      Math.sqrt(2 / 500),
      (2 * Math.sqrt(2 / 500)) / cut,
    ],
    ["heUniform", initializers.heUniform({ seed: 6 }), Math.sqrt(2 / 200), Math.sqrt(6 / 200)],
    [
      "heNormal",
      initializers.heNormal({ seed: 7 }),
      Math.sqrt(2 / 200),
      (2 * Math.sqrt(2 / 200)) / cut,
    ],
    [
      "lecunUniform",
      initializers.lecunUniform({ seed: 8 }),
      Math.sqrt(1 / 200),
      Math.sqrt(3 / 200),
    ],
    [
      "lecunNormal",
      initializers.lecunNormal({ seed: 9 }),
      Math.sqrt(1 / 200),
      (2 * Math.sqrt(1 / 200)) / cut,
    ],
    [
      "varianceScaling by fanOut, not cut off",
      initializers.varianceScaling({
        mode: "fanOut",
        distribution: "untruncatedNormal",
        scale: 3,
        seed: 1,
      }),
      Math.sqrt(3 / 300),
      6 * Math.sqrt(3 / 300),
    ],
  ];

  test.each(rows)("%s has its mean, deviation and bound", (_name, like, deviation, bound) => {
    const values = getInitializer(like).values(SHAPE);
    const found = momentsOf(values);
    expect(values.length).toBe(SIZE);
    expect(Math.abs(found.mean)).toBeLessThan(meanError(deviation));
    expect(Math.abs(found.deviation - deviation)).toBeLessThan(meanError(deviation));
    expect(found.largest).toBeLessThanOrEqual(bound * (1 + 1e-6));
    expect(found.largest).toBeGreaterThan(deviation * 1.7);
  });

  test("shift and widen as their config says", () => {
    const normal = momentsOf(
      initializers.randomNormal({ mean: 3, stddev: 2, seed: 1 }).values(SHAPE),
    );
    expect(Math.abs(normal.mean - 3)).toBeLessThan(meanError(2));
    expect(Math.abs(normal.deviation - 2)).toBeLessThan(meanError(2));
    const uniform = initializers.randomUniform({ minval: 2, maxval: 4, seed: 1 }).values(SHAPE);
    expect(Math.min(...uniform.subarray(0, 1000))).toBeGreaterThanOrEqual(2);
    expect(Math.abs(momentsOf(uniform).mean - 3)).toBeLessThan(meanError(2));
  });
});

describe("seeds", () => {
  test("the same seed gives the same values, another seed others", () => {
    const values = (seed: number) => initializers.glorotUniform({ seed }).values([4, 5]);
    expect(values(1)).toEqual(values(1));
    expect(values(1)).not.toEqual(values(2));
  });

  test("without a seed every call draws anew, and setSeed begins the stream again", () => {
    const initializer = initializers.randomNormal();
    setSeed(11);
    const first = initializer.values([8]);
    const second = initializer.values([8]);
    setSeed(11);
    expect(initializer.values([8])).toEqual(first);
    expect(second).not.toEqual(first);
  });
});

describe("orthogonal", () => {
  /** Largest deviation of the shorter side's inner products from gain²·identity. */
  function deviation(
    values: Float32Array,
    [rows, columns]: [number, number],
    gain: number,
  ): number {
    const count = Math.min(rows, columns);
    const at = (v: number, i: number) =>
      Number(rows <= columns ? values[v * columns + i] : values[i * columns + v]);
    let worst = 0;
    for (let a = 0; a < count; a++) {
      for (let b = 0; b < count; b++) {
        let sum = 0;
        for (let i = 0; i < Math.max(rows, columns); i++) sum += at(a, i) * at(b, i);
        worst = Math.max(worst, Math.abs(sum - (a === b ? gain * gain : 0)));
      }
    }
    return worst;
  }

  test.each<[number, number]>([
    [16, 64],
    [64, 16],
    [33, 33],
    [1, 7],
  ])("[%i,%i] has orthonormal rows or columns", (rows, columns) => {
    const values = initializers.orthogonal({ seed: 5 }).values([rows, columns]);
    // The inner products of up to 64 terms that were rounded to float32.
    expect(deviation(values, [rows, columns], 1)).toBeLessThan(1e-6);
  });

  test("takes a gain, and joins the axes in front of the last", () => {
    const values = initializers.orthogonal({ gain: 2, seed: 5 }).values([2, 3, 6]);
    expect(deviation(values, [6, 6], 2)).toBeLessThan(4e-6);
  });

  test("rejects a vector", () => {
    expect(() => initializers.orthogonal().values([4])).toThrow(ShapeError);
  });
});

describe("constant initializers", () => {
  test("fill as they say", () => {
    expect([...initializers.zeros().values([2])]).toEqual([0, 0]);
    expect([...initializers.ones().values([2])]).toEqual([1, 1]);
    expect([...initializers.constant({ value: 1.5 }).values([2])]).toEqual([1.5, 1.5]);
    expect([...initializers.identity({ gain: 3 }).values([2, 3])]).toEqual([3, 0, 0, 0, 3, 0]);
    expect(() => initializers.identity().values([2, 2, 2])).toThrow(ShapeError);
  });
});

describe("computeFans", () => {
  // Keras 3's compute_fans: a convolution kernel [width, in, out] counts its width on both sides.
  test.each<[number[], number, number]>([
    [[], 1, 1],
    [[7], 7, 7],
    [[3, 5], 3, 5],
    [[4, 3, 5], 12, 20],
  ])("of %j", (shape, fanIn, fanOut) => {
    expect(computeFans(shape)).toEqual({ fanIn, fanOut });
  });
});

describe("getInitializer", () => {
  test("takes Keras's and TF.js's spelling", () => {
    expect(getInitializer("glorot_uniform").getClassName()).toBe("GlorotUniform");
    expect(getInitializer("glorotUniform").getClassName()).toBe("GlorotUniform");
    expect(getInitializer("uniform").getClassName()).toBe("RandomUniform");
  });

  test("gives back what a config describes", () => {
    const made = [
      ...Object.entries(initializers).flatMap(([name, make]) =>
        name === "Initializer"
          ? []
          : [
              (make as (config: object) => Initializer)(
                ["constant", "identity"].includes(name) ? {} : { seed: 3 },
              ),
            ],
      ),
      initializers.varianceScaling({ scale: 2, mode: "fan_avg", distribution: "uniform", seed: 1 }),
    ];
    for (const initializer of made) {
      const described = JSON.parse(JSON.stringify(serializeInitializer(initializer)));
      const again = getInitializer(described);
      expect(serializeInitializer(again)).toEqual(described);
      expect(again.values([3, 4])).toEqual(initializer.values([3, 4]));
    }
    expect(made).toHaveLength(18);
  });

  test("names the nearest for a wrong name", () => {
    expect(() => getInitializer("glorotUnifrom" as "glorotUniform")).toThrow(ArgumentError);
    expect(() => getInitializer("glorotUnifrom" as "glorotUniform")).toThrow(/"glorotUniform"/);
  });
});

describe("initializers of one's own", () => {
  const steps = (shape: readonly number[]) =>
    tensor(
      Float32Array.from({ length: sizeOf(shape) }, (_, i) => i),
      [...shape],
    );

  test("may be functions, also of an LSTM's bias", async () => {
    const dense = layers.dense({ units: 2, kernelInitializer: steps });
    dense.ensureBuilt([null, 2]);
    expect(await dense.weight("kernel").array()).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect(() => dense.getConfig()).toThrow("a function cannot be written to a config");
    dense.dispose();
    const lstm = layers.lstm({ units: 2, biasInitializer: steps });
    lstm.ensureBuilt([null, 1, 1]);
    // Keras: the initializer for i, ones for f, the initializer for c and o together.
    expect(await lstm.weight("bias").array()).toEqual([0, 1, 1, 1, 0, 1, 2, 3]);
    lstm.dispose();
  });

  test("that give another shape, or no tensor, are refused", () => {
    const make = (kernelInitializer: unknown) => () =>
      layers.dense({ units: 2, kernelInitializer } as never).ensureBuilt([null, 3]);
    expect(make(() => ones([2]))).toThrow(ShapeError);
    expect(make(() => 3)).toThrow("gave 3");
  });

  test("come back by their class when they are registered", () => {
    class Ramp extends initializers.Initializer {
      static override readonly className = "Ramp";
      override values(shape: readonly number[]): Float32Array {
        return Float32Array.from({ length: sizeOf(shape) }, (_, i) => i);
      }
      override getConfig() {
        return {};
      }
    }
    expect(() => getInitializer({ className: "Ramp", config: {} })).toThrow("registerClass");
    registerClass(Ramp);
    const described = serializeInitializer(new Ramp());
    expect(getInitializer(described).values([3])).toEqual(new Float32Array([0, 1, 2]));
  });
});
