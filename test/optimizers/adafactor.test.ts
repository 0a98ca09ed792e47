import { describe, expect, test } from "vitest";
import { adafactor } from "../../src/optimizers/index.ts";
import { tensor, variable } from "../../src/tensor/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { wave } from "../helpers/golden.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { kept, linear, noise } from "./support.ts";

interface Settings {
  readonly rate: number;
  readonly relativeStep?: boolean;
  readonly clipThreshold?: number;
  readonly weightDecay?: number;
}

const meanOf = (list: readonly number[]): number =>
  list.reduce((total, x) => total + x, 0) / list.length;
const rms = (list: readonly number[]): number => Math.sqrt(meanOf(list.map((x) => x * x)));

/**
 * The equations of keras/src/optimizers/adafactor.py (Shazeer & Stern 2018, arXiv:1804.04235, algorithms 4 and 5) in
 * float64, for a weight [batch, rows, columns]; columns 0: a vector of `rows`.
 */
class Reference {
  p: number[];
  readonly #shape: readonly [number, number, number];
  readonly #settings: Settings;
  #r: number[][] = [];
  #c: number[][] = [];
  #v: number[] = [];
  #step = 0;

  constructor(p: Float32Array, shape: readonly [number, number, number], settings: Settings) {
    this.p = Array.from(p);
    this.#shape = shape;
    this.#settings = settings;
  }

  update(gradient: Float32Array): void {
    const { rate, relativeStep = true, clipThreshold = 1, weightDecay = 0 } = this.#settings;
    const t = ++this.#step;
    const beta2 = 1 - t ** -0.8;
    const mix = (old: number | undefined, fresh: number): number =>
      beta2 * (old ?? 0) + (1 - beta2) * fresh;
    const g = Array.from(gradient);
    const squares = g.map((x) => x * x + 1e-30);
    const [batch, rows, columns] = this.#shape;
    if (columns === 0) {
      this.#v = squares.map((x, i) => mix(this.#v[i], x));
    } else {
      const at = (b: number, i: number, j: number): number => (b * rows + i) * columns + j;
      const list = (length: number): number[] => Array.from({ length }, (_, i) => i);
      const means = list(batch).map((b) => ({
        r: list(rows).map((i) => meanOf(list(columns).map((j) => squares[at(b, i, j)] ?? 0))),
        c: list(columns).map((j) => meanOf(list(rows).map((i) => squares[at(b, i, j)] ?? 0))),
      }));
      this.#r = means.map(({ r }, b) => r.map((x, i) => mix(this.#r[b]?.[i], x)));
      this.#c = means.map(({ c }, b) => c.map((x, j) => mix(this.#c[b]?.[j], x)));
      this.#v = list(batch).flatMap((b) =>
        (this.#r[b] ?? []).flatMap((r) =>
          (this.#c[b] ?? []).map((c) => (r / meanOf(this.#r[b] ?? [])) * c),
        ),
      );
    }
    this.p = this.p.map((p) => p - rate * weightDecay * p);
    const rho = relativeStep ? Math.min(rate, 1 / Math.sqrt(t)) : rate;
    const alpha = Math.max(1e-3, rms(this.p)) * rho;
    const u = g.map((x, i) => x / Math.sqrt(this.#v[i] ?? 0));
    const excess = Math.max(1, rms(u) / clipThreshold);
    this.p = this.p.map((p, i) => p - (alpha * (u[i] ?? 0)) / excess);
  }
}

describe("adafactor", () => {
  const shapes = [
    { shape: [12], axes: [1, 12, 0] },
    { shape: [3, 4], axes: [1, 3, 4] },
    { shape: [2, 3, 5], axes: [2, 3, 5] },
  ] as const;
  const settings: readonly Settings[] = [
    { rate: 0.05 },
    { rate: 0.6 },
    { rate: 0.6, relativeStep: false },
    { rate: 0.05, clipThreshold: 0.3, weightDecay: 0.1 },
  ];
  const cases = shapes.flatMap((one) => settings.map((setting) => ({ ...one, ...setting })));

  test.each(cases)(
    "follows its equations for 25 steps: $shape, $rate $clipThreshold",
    async ({ shape, axes, ...setting }) => {
      const first = wave(shape, 0.2);
      const { rate: learningRate, ...rest } = setting;
      const optimizer = kept(adafactor({ learningRate, ...rest }));
      const w = kept(variable(tensor(first, [...shape])));
      const reference = new Reference(first, axes, setting);
      for (let step = 0; step < 25; step++) {
        // One row much smaller than the others, down to where epsilon1 and rounding would show.
        const gradient = noise(shape, step).map((x, i) => (i < 3 ? 1e-7 * x : x));
        optimizer.minimize(linear(w, gradient));
        reference.update(gradient);
      }
      expectClose(await w.data(), reference.p, tolerances.longOptimizer);
    },
  );

  test("keeps a number for each row and column of a matrix, and one for each element of a vector", async () => {
    const optimizer = kept(adafactor());
    const kernel = kept(variable(tensor(wave([3, 4], 0.2), [3, 4]), true, "kernel"));
    const bias = kept(variable(tensor(wave([4], 0.1)), true, "bias"));
    optimizer.minimize(() => kernel.square().sum().add(bias.square().sum()));
    const sizes = (await optimizer.getWeights()).map(({ name, tensor: { shape } }) => [
      name,
      shape,
    ]);
    expect(sizes).toEqual([
      ["iter", []],
      ["adafactor/kernel/row_velocity", [3]],
      ["adafactor/kernel/column_velocity", [4]],
      ["adafactor/bias/velocity", [4]],
    ]);
  });

  test("gradients that are tiny, or whose squares are no float32, make steps of ordinary size", async () => {
    for (const size of [1e-12, 1e-7, 1e20, 8e37]) {
      const optimizer = kept(adafactor(0.1));
      const w = kept(variable(tensor([1, 1, 1, 1], [2, 2])));
      for (let step = 0; step < 3; step++) optimizer.minimize(linear(w, [size, size, size, -size]));
      const [first = 0, , , last = 0] = await w.data();
      expect(await optimizer.refusedUpdates()).toBe(0);
      expect(first).toBeLessThan(0.9);
      expect(first).toBeGreaterThan(0.5);
      expect(last).toBeGreaterThan(1.1);
    }
  });

  test("rows and columns without gradients stay as they are beside huge ones", async () => {
    for (const size of [1, 1e6, 1e14]) {
      const optimizer = kept(adafactor(0.1));
      const w = kept(variable(tensor([1, 2, 3, 4, 5, 6], [2, 3])));
      for (let step = 0; step < 3; step++) {
        optimizer.minimize(linear(w, [0, 0, 0, size, 0, -size]));
      }
      const [a, b, c, d = 0, e, f = 0] = await w.data();
      expect([a, b, c, e]).toEqual([1, 2, 3, 5]);
      expect(d).toBeLessThan(4);
      expect(f).toBeGreaterThan(6);
    }
  });

  test("a gradient of zeros changes nothing", async () => {
    const optimizer = kept(adafactor(0.1));
    const w = kept(variable(tensor([1, 2, 3, 4], [2, 2])));
    optimizer.minimize(linear(w, [0, 0, 0, 0]));
    expect(await w.data()).toEqual(new Float32Array([1, 2, 3, 4]));
  });
});
