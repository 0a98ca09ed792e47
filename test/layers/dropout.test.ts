import { describe, expect, test } from "vitest";
import { ArgumentError } from "../../src/errors.ts";
import { layers } from "../../src/layers/index.ts";
import {
  compile,
  ones,
  setSeed,
  sum,
  type Tensor,
  tensor,
  variable,
  variableGrads,
} from "../../src/tensor/index.ts";
import { wave } from "../helpers/golden.ts";
import { makeRecurrent, recurrentNames } from "./recurrent-makers.ts";

const count = (values: ArrayLike<number>, wanted: number) =>
  Array.from(values).filter((one) => one === wanted).length;

describe("dropout", () => {
  test("changes nothing outside training, or at rate 0", async () => {
    const x = tensor([1, 2, 3]);
    expect(await layers.dropout({ rate: 0.5 }).apply(x).array()).toEqual([1, 2, 3]);
    expect(await layers.dropout({ rate: 0 }).apply(x, { training: true }).array()).toEqual([
      1, 2, 3,
    ]);
  });

  test("takes its share away and makes up for it", async () => {
    const size = 40_000;
    const layer = layers.dropout({ rate: 0.25, seed: 3 });
    const values = await layer.apply(ones([200, 200]), { training: true }).data();
    const zeros = count(values, 0);
    // Five standard deviations of the binomial distribution.
    expect(Math.abs(zeros - 0.25 * size)).toBeLessThan(5 * Math.sqrt(size * 0.25 * 0.75));
    expect(zeros + count(values, Math.fround(1 / 0.75))).toBe(size);
  });

  test("draws anew each call; the same seed gives the same draws", async () => {
    const draw = (layer: ReturnType<typeof layers.dropout>) =>
      layer.apply(ones([100]), { training: true }).data();
    const [a, b] = [layers.dropout({ rate: 0.5, seed: 3 }), layers.dropout({ rate: 0.5, seed: 3 })];
    const first = await draw(a);
    const second = await draw(a);
    expect(second).not.toEqual(first);
    expect(await draw(b)).toEqual(first);
    expect(await draw(b)).toEqual(second);
    const unseeded = layers.dropout({ rate: 0.5 });
    setSeed(5);
    const third = await draw(unseeded);
    expect(await draw(unseeded)).not.toEqual(third);
    setSeed(5);
    expect(await draw(unseeded)).toEqual(third);
  });

  test("draws anew each time a compiled function replays, as it does uncompiled", async () => {
    const make = () => layers.dropout({ rate: 0.5, seed: 9 });
    const [eager, traced] = [make(), make()];
    const step = compile((x: Tensor) => traced.apply(x, { training: true }));
    for (let i = 0; i < 3; i++) {
      const expected = await eager.apply(ones([64]), { training: true }).data();
      expect(await (step(ones([64])) as Tensor).data()).toEqual(expected);
    }
    step.dispose();
  });

  test("its gradient takes the same share away", async () => {
    const layer = layers.dropout({ rate: 0.5, seed: 4 });
    const x = variable(ones([50]), true, "x");
    let y: Tensor | null = null;
    const { grads } = variableGrads(() => {
      y = layer.apply(x, { training: true });
      return sum(y);
    }, [x]);
    const gradient = await (grads.x as Tensor).data();
    expect(gradient).toEqual(await (y as unknown as Tensor).data());
    expect(count(gradient, 0)).toBeGreaterThan(5);
    x.dispose();
  });

  test("noiseShape makes the choice the same along an axis", async () => {
    const layer = layers.spatialDropout1d({ rate: 0.5, seed: 2 });
    const y = (await layer.apply(ones([2, 3, 16]), { training: true }).array()) as number[][][];
    for (const row of y) {
      expect(row[1]).toEqual(row[0]);
      expect(row[2]).toEqual(row[0]);
    }
    expect(y[1]).not.toEqual(y[0]);
    const wrong = layers.dropout({ rate: 0.5, noiseShape: [null, 2, null] });
    expect(() => wrong.apply(ones([2, 3, 4]), { training: true })).toThrow(ArgumentError);
    expect(() => layers.dropout({ rate: 1 })).toThrow(/rate is 1. Expected a number from 0/);
  });
});

describe.each(recurrentNames)("%s", (name) => {
  const x = () => tensor(wave([2, 2, 3], 0.3), [2, 2, 3]);

  test("dropout hides the same inputs at every step, in training only", async () => {
    const layer = makeRecurrent(name, { units: 4, dropout: 0.5, seed: 1 });
    const plain = await layer.apply(x()).data();
    expect(await layer.apply(x()).data()).toEqual(plain);
    expect(await layer.apply(x(), { training: true }).data()).not.toEqual(plain);
  });

  test("recurrentDropout hides part of the state, in training only", async () => {
    const layer = makeRecurrent(name, { units: 8, recurrentDropout: 0.5, seed: 1 });
    const plain = await layer.apply(x()).data();
    const dropped = await layer.apply(x(), { training: true }).data();
    expect(dropped).not.toEqual(plain);
    expect(dropped.every(Number.isFinite)).toBe(true);
    // The first step sees no state, so there is nothing to hide.
    const first = x().slice([0, 0, 0], [2, 1, 3]);
    const [one, other] = [layer.apply(first), layer.apply(first, { training: true })];
    const distance = Math.max(...(await one.sub(other).data()).map(Math.abs));
    expect(distance).toBeLessThan(1e-5);
  });
});
