import { describe, expect, test } from "vitest";
import { ArgumentError } from "../../src/errors.ts";
import { registerClass } from "../../src/names/class-registry.ts";
import {
  adam,
  cosineDecay,
  cosineDecayRestarts,
  exponentialDecay,
  inverseTimeDecay,
  piecewiseConstant,
  polynomialDecay,
  Schedule,
  sgd,
} from "../../src/optimizers/index.ts";
import { resolveOptimizer } from "../../src/optimizers/resolve.ts";
import { resolveRate } from "../../src/optimizers/resolve-schedule.ts";
import { compile } from "../../src/tensor/index.ts";
import { kept, vector } from "./support.ts";

describe("learning-rate schedules", () => {
  test("cosineDecay falls from the initial rate to its share alpha and stays there", () => {
    const schedule = cosineDecay({ initialLearningRate: 0.4, decaySteps: 100, alpha: 0.1 });
    expect(schedule(0)).toBe(0.4);
    // 0.4·(0.9·½(1 + cos(π/4)) + 0.1)
    expect(schedule(25)).toBeCloseTo(0.34727922, 8);
    expect(schedule(50)).toBeCloseTo(0.22, 12);
    expect(schedule(100)).toBeCloseTo(0.04, 12);
    expect(schedule(1000)).toBeCloseTo(0.04, 12);
  });

  test("cosineDecay warms up along a straight line first", () => {
    const schedule = cosineDecay({
      initialLearningRate: 0.1,
      warmupTarget: 0.5,
      warmupSteps: 10,
      decaySteps: 20,
    });
    expect(schedule(0)).toBe(0.1);
    expect(schedule(5)).toBeCloseTo(0.3, 12);
    expect(schedule(10)).toBe(0.5);
    expect(schedule(20)).toBeCloseTo(0.25, 12);
    expect(schedule(30)).toBeCloseTo(0, 12);
  });

  test("exponentialDecay falls smoothly, or in steps", () => {
    const config = { initialLearningRate: 1, decaySteps: 10, decayRate: 0.25 };
    expect(exponentialDecay(config)(5)).toBe(0.5);
    expect(exponentialDecay({ ...config, staircase: true })(19)).toBe(0.25);
  });

  test("cosineDecayRestarts falls again and again, each time more slowly", () => {
    const config = { initialLearningRate: 0.4, firstDecaySteps: 5, alpha: 0.1 };
    // PyTorch 1.13: CosineAnnealingWarmRestarts(SGD([p], 0.4), 5, T_mult, eta_min=0.04)
    const doubling = [
      [0, 0.4],
      [1, 0.36562305898749053],
      [4, 0.07437694101250948],
      [5, 0.4],
      [6, 0.3911901729331277],
      [14, 0.04880982706687237],
      [15, 0.4],
      [20, 0.3472792206135786],
      [34, 0.04221609869287522],
      [35, 0.4],
      [40, 0.3862983158520316],
    ] as const;
    for (const [step, rate] of doubling) {
      expect(cosineDecayRestarts(config)(step)).toBeCloseTo(rate, 14);
    }
    const equal = [
      [3, 0.1643769410125095],
      [4, 0.07437694101250948],
      [5, 0.4],
      [9, 0.07437694101250948],
      [12, 0.27562305898749057],
    ] as const;
    for (const [step, rate] of equal) {
      expect(cosineDecayRestarts({ ...config, tMul: 1 })(step)).toBeCloseTo(rate, 14);
    }
  });

  test("cosineDecayRestarts lowers its peaks by mMul, and its valleys not", () => {
    // keras.optimizers.schedules.CosineDecayRestarts: (1 - alpha)·mMul^i·½(1 + cos(π·done)) + alpha
    const config = { initialLearningRate: 1, firstDecaySteps: 4, tMul: 3, mMul: 0.5, alpha: 0.2 };
    const schedule = cosineDecayRestarts(config);
    expect(schedule(10)).toBeCloseTo(0.8 * 0.5 * 0.5 + 0.2, 14);
    // Restarts are met exactly, also where a quotient of logarithms would round down.
    for (let start = 0, length = 4, i = 0; i < 20; i++, length *= 3) {
      expect(schedule(start)).toBeCloseTo(0.8 * 0.5 ** i + 0.2, 14);
      start += length;
    }
  });

  test("inverseTimeDecay falls smoothly, or in steps", () => {
    // keras.optimizers.schedules.InverseTimeDecay: initial / (1 + rate·step / steps)
    const config = { initialLearningRate: 0.6, decaySteps: 4, decayRate: 0.5 };
    expect(inverseTimeDecay(config)(0)).toBe(0.6);
    expect(inverseTimeDecay(config)(6)).toBeCloseTo(0.6 / 1.75, 14);
    expect(inverseTimeDecay({ ...config, staircase: true })(7)).toBeCloseTo(0.6 / 1.5, 14);
  });

  test("exponentialDecay and polynomialDecay agree with PyTorch", () => {
    // PyTorch 1.13: ExponentialLR(o, 0.8) and PolynomialLR(o, total_iters=8, power=1.7) from 0.4
    const exponential = exponentialDecay({
      initialLearningRate: 0.4,
      decaySteps: 1,
      decayRate: 0.8,
    });
    expect(exponential(7)).toBeCloseTo(0.08388608000000004, 14);
    const polynomial = polynomialDecay({
      initialLearningRate: 0.4,
      decaySteps: 8,
      endLearningRate: 0,
      power: 1.7,
    });
    const expected = [0.318767239477782, 0.17991029712911324, 0.011662912394210094, 0, 0];
    [1, 3, 7, 8, 10].forEach((step, i) => {
      expect(polynomial(step)).toBeCloseTo(expected[i] ?? Number.NaN, 14);
    });
  });

  test("polynomialDecay cycles", () => {
    // keras.optimizers.schedules.PolynomialDecay: decaySteps·max(1, ceil(step / decaySteps))
    const config = { initialLearningRate: 1, decaySteps: 10, endLearningRate: 0, cycle: true };
    const schedule = polynomialDecay(config);
    expect([0, 5, 10].map(schedule)).toEqual([1, 0.5, 0]);
    expect(schedule(12)).toBeCloseTo(0.4, 14);
    expect(schedule(25)).toBeCloseTo(1 / 6, 14);
  });

  test("piecewiseConstant keeps a rate up to and including its boundary", () => {
    const schedule = piecewiseConstant({ boundaries: [10, 20], values: [3, 2, 1] });
    expect([0, 10, 11, 20, 21].map(schedule)).toEqual([3, 3, 2, 2, 1]);
  });

  test("polynomialDecay ends at the end rate", () => {
    const config = { initialLearningRate: 1, decaySteps: 10, endLearningRate: 0.5, power: 2 };
    expect(polynomialDecay(config)(5)).toBe(0.625);
    expect(polynomialDecay(config)(15)).toBe(0.5);
  });

  test("settings that make no schedule are refused", () => {
    expect(() => cosineDecay({ initialLearningRate: 1, decaySteps: 0 })).toThrow(ArgumentError);
    expect(() => piecewiseConstant({ boundaries: [2, 1], values: [1, 2, 3] })).toThrow(
      ArgumentError,
    );
    expect(() => piecewiseConstant({ boundaries: [1], values: [1] })).toThrow("one value more");
  });

  test("unknown settings are refused with the nearest", () => {
    const wrong = { initialLearningRate: 1, decaySteps: 2, warmupStep: 3 } as never;
    expect(() => cosineDecay(wrong)).toThrow("Did you mean warmupSteps?");
    const shrinking = { initialLearningRate: 1, firstDecaySteps: 2, tMul: 0.5 };
    expect(() => cosineDecayRestarts(shrinking)).toThrow("tMul");
    expect(() => inverseTimeDecay({} as never)).toThrow("initialLearningRate");
  });
});

class Halving extends Schedule {
  static override readonly className = "Halving";
  override readonly name = "halving";
  readonly #every: number;

  constructor({ every }: { every: number }) {
    super();
    this.#every = every;
  }

  override rate(step: number): number {
    return 0.1 * 0.5 ** Math.floor(step / this.#every);
  }

  override getConfig() {
    return { every: this.#every };
  }
}

describe("schedules that are saved", () => {
  const schedules: readonly Schedule[] = [
    cosineDecay({ initialLearningRate: 0.1, decaySteps: 20, warmupTarget: 0.5, warmupSteps: 5 }),
    cosineDecay({ initialLearningRate: 0.1, decaySteps: 20 }),
    cosineDecayRestarts({ initialLearningRate: 0.1, firstDecaySteps: 7, mMul: 0.9, alpha: 0.1 }),
    exponentialDecay({ initialLearningRate: 0.1, decaySteps: 7, decayRate: 0.4, staircase: true }),
    inverseTimeDecay({ initialLearningRate: 0.1, decaySteps: 7, decayRate: 0.4 }),
    piecewiseConstant({ boundaries: [3, 9], values: [3, 2, 1] }),
    polynomialDecay({ initialLearningRate: 0.1, decaySteps: 7, power: 2, cycle: true }),
    new Halving({ every: 4 }),
  ];
  registerClass(Halving);

  test.each(schedules.map((one) => [one.getClassName(), one] as const))(
    "%s comes back with its optimizer",
    (className, schedule) => {
      const optimizer = adam({ learningRate: schedule });
      const config = JSON.parse(JSON.stringify(optimizer.getConfig()));
      expect(config.learningRate.className).toBe(className);
      const again = resolveOptimizer({ className: "Adam", config });
      expect(again.getConfig()).toEqual(optimizer.getConfig());
      const saved = resolveRate("adam", config.learningRate);
      if (typeof saved !== "function") throw new Error("a schedule is expected");
      for (let step = 0; step < 30; step++) expect(saved(step)).toBe(schedule(step));
    },
  );

  test("an instance is called like a function, and takes fields of any name", () => {
    const schedule = new Halving({ every: 4 });
    expect(schedule(8)).toBe(0.025);
    expect(schedule.rate(8)).toBe(0.025);
    expect(schedule).toBeInstanceOf(Halving);
    expect(schedule.name).toBe("halving");
  });

  test("a plain function trains, and is refused where it would be saved", () => {
    const optimizer = sgd((step) => 1 / (1 + step));
    expect(optimizer.learningRate).toBe(1);
    expect(() => optimizer.getConfig()).toThrow(ArgumentError);
    expect(() => optimizer.getConfig()).toThrow("train.Schedule");
    optimizer.learningRate = 0.5;
    expect(optimizer.getConfig().learningRate).toBe(0.5);
  });

  test("a rate that is no number from 0 on is refused, and changes nothing", async () => {
    const w = vector([1]);
    const optimizer = kept(sgd((step) => (step === 1 ? Number.NaN : 0.5)));
    const step = kept(compile(() => void optimizer.minimize(() => w.sum())));
    step();
    expect(step).toThrow("sgd: the schedule's rate for batch 1: received NaN");
    expect(step).toThrow(ArgumentError);
    expect(await w.data()).toEqual(Float32Array.of(0.5));
    optimizer.learningRate = 0.25;
    step();
    expect(await w.data()).toEqual(Float32Array.of(0.25));
    expect(optimizer.iterations).toBe(2);
  });

  test("what is no schedule is refused", () => {
    const of = (learningRate: unknown) => () => sgd({ learningRate } as never);
    expect(of({ className: "CosinDecay", config: {} })).toThrow('no class "CosinDecay"');
    expect(of({ className: "CosinDecay", config: {} })).toThrow('Did you mean "CosineDecay"?');
    expect(of("0.1")).toThrow("learningRate");
    class Other {
      static readonly className = "OtherThanSchedule";
      readonly isSchedule = false;
    }
    registerClass(Other);
    expect(of({ className: "OtherThanSchedule", config: {} })).toThrow("train.Schedule");
  });
});
