import { describe, expect, test } from "vitest";
import { ArgumentError } from "../../src/errors.ts";
import {
  cosineDecay,
  exponentialDecay,
  piecewiseConstant,
  polynomialDecay,
} from "../../src/optimizers/index.ts";

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
});
