import { describe, expect, test } from "vitest";
import {
  epochScale,
  linearScale,
  logScale,
  type Scale,
} from "../../../src/train/history/chart-scale.ts";

const labels = ({ ticks }: Scale): string => ticks.map(({ label }) => label).join(" ");

describe("linear scale", () => {
  test.each<[number[], number, string]>([
    [[0, 1], 5, "0.0 0.2 0.4 0.6 0.8 1.0"],
    [[0.13, 0.87], 5, "0.0 0.2 0.4 0.6 0.8 1.0"],
    [[3, 47], 5, "0 10 20 30 40 50"],
    [[-3, 4], 4, "-4 -2 0 2 4"],
    [[0.1, 0.3], 4, "0.10 0.15 0.20 0.25 0.30"],
    [[12_345_678, 12_745_678], 4, "1.23e7 1.24e7 1.25e7 1.26e7 1.27e7 1.28e7"],
    [[0, 3e-7], 3, "0 1e-7 2e-7 3e-7"],
    [[5, 5], 4, "4.5 5.0 5.5"],
    [[0, 0], 4, "-1.0 -0.5 0.0 0.5 1.0"],
    [[1e38, 3e38], 2, "1e38 2e38 3e38"],
  ])("%j in %i steps: %s", (values, count, expected) => {
    expect(labels(linearScale(values, count))).toBe(expected);
  });

  test("holds all values, its ends are round numbers, and labels say where they stand", () => {
    for (let i = 1; i < 400; i++) {
      const low = (Math.sin(i) * 10 ** (i % 9)) / 10 ** (i % 5);
      const high = low + Math.abs(Math.cos(i * 7)) * 10 ** ((i % 11) - 5);
      const scale = linearScale([low, high], 3 + (i % 6));
      expect(scale.position(low)).toBeGreaterThanOrEqual(0);
      expect(scale.position(high)).toBeLessThanOrEqual(1);
      expect(scale.ticks.at(0)?.at).toBeCloseTo(0, 6);
      expect(scale.ticks.at(-1)?.at).toBeCloseTo(1, 6);
      expect(scale.ticks.length).toBeLessThanOrEqual(3 + (i % 6) + 3);
      expect(new Set(scale.ticks.map(({ label }) => label)).size).toBe(scale.ticks.length);
      for (const { at, label } of scale.ticks)
        expect(scale.position(Number(label))).toBeCloseTo(at, 4);
    }
  });
});

describe("logarithmic scale", () => {
  test.each<[number[], number, string]>([
    [[0.05, 1.05], 4, "0.1 0.3 1"],
    [[0.012, 0.9], 8, "0.01 0.02 0.05 0.1 0.2 0.5 1"],
    [[1e-9, 2], 4, "1e-8 1e-6 1e-4 1e-2 1"],
    [[1e-4, 1e-3], 5, "0.0001 0.0002 0.0005 0.001"],
    [[2, 5], 4, "2 3 4 5"],
    [[7, 7], 4, "6.0 6.5 7.0 7.5 8.0"],
  ])("%j in %i steps: %s", (values, count, expected) => {
    expect(labels(logScale(values, count))).toBe(expected);
  });

  test("equal ratios are equally far apart", () => {
    const scale = logScale([0.001, 10], 6);
    const gap = scale.position(0.1) - scale.position(0.01);
    expect(scale.position(1) - scale.position(0.1)).toBeCloseTo(gap, 10);
    expect(scale.position(0.001)).toBeCloseTo(0, 10);
    expect(scale.position(10)).toBeCloseTo(1, 10);
  });

  test("holds all values", () => {
    for (let i = 1; i < 300; i++) {
      const low = 10 ** (Math.sin(i) * 12);
      const high = low * 10 ** (Math.abs(Math.cos(i * 3)) * (i % 15));
      const scale = logScale([low, high], 4);
      expect(scale.position(low)).toBeGreaterThanOrEqual(-1e-6);
      expect(scale.position(high)).toBeLessThanOrEqual(1 + 1e-6);
      expect(scale.ticks.length).toBeLessThanOrEqual(7);
    }
  });
});

describe("scale of epochs", () => {
  test.each<[number, number, number, string]>([
    [1, 1, 10, "1"],
    [1, 5, 10, "1 2 3 4 5"],
    [1, 12, 8, "2 4 6 8 10 12"],
    [1, 100, 5, "1 20 40 60 80 100"],
    [31, 60, 4, "31 40 50 60"],
    [36, 60, 4, "40 50 60"],
  ])("%i to %i in %i steps: %s", (first, last, count, expected) => {
    expect(labels(epochScale(first, last, count))).toBe(expected);
  });
});
