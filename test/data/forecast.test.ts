import { describe, expect, test } from "vitest";
import { csv, normalizer, split, windows } from "../../src/data/index.ts";
import { memory, setSeed } from "../../src/tensor/index.ts";
import { lstmModel } from "../train/support.ts";

/** A day of 12 hours, over and over, around 5,000 with an amplitude of 200. */
const load = (hour: number): number => 5000 + 200 * Math.sin((2 * Math.PI * hour) / 12);

describe("from a file to a forecast", () => {
  test("csv, split in time, normalizer, windows, fit, and back to the units of the data", async () => {
    setSeed(1);
    const text = `hour,load\n${Array.from({ length: 150 }, (_, hour) => `${hour},${load(hour)}`).join("\n")}`;
    const rows = await csv({ text }, { columnConfigs: { load: { dtype: "float32" } } }).toArray();
    const series = rows.map((row) => Number(row.load));
    const parts = split(series, { test: 30 });
    const norm = normalizer().fit(parts.train);
    const train = windows(norm.transform(parts.train), { size: 12 });
    const tested = windows(norm.transform(parts.test), { size: 12 });
    const model = lstmModel();
    const { history } = await model.fit(train.xs, train.ys, {
      epochs: 15,
      batchSize: 16,
      verbose: 0,
    });
    const losses = history.loss as number[];
    expect(losses.at(-1)).toBeLessThan((losses[0] ?? 0) / 4);

    const forecast = norm.inverseTransform(await model.predict(tested.xs).data());
    const truth = Array.from(tested.starts, (start) => parts.test[start + 12] ?? 0);
    const before = Array.from(tested.starts, (start) => parts.test[start + 11] ?? 0);
    const error = (guess: ArrayLike<number>): number =>
      truth.reduce((sum, y, i) => sum + Math.abs(y - (guess[i] ?? 0)), 0) / truth.length;
    // Saying that the next hour is like this one: the mean of 200·|sin(a + 2π/12) - sin(a)| is 65.9.
    expect(error(before)).toBeCloseTo(66, -1);
    expect(error(forecast)).toBeLessThan(error(before) / 2);
  });

  test("batches that are cut as they are used train the same model", async () => {
    const series = Array.from({ length: 60 }, (_, hour) => load(hour));
    const made = windows(normalizer().fit(series).transform(series), { size: 12 });
    const model = lstmModel();
    const losses: number[] = [];
    const bytes: number[] = [];
    for await (const { xs, ys } of made
      .batches({ batchSize: 16, shuffle: true, seed: 2 })
      .repeat(20)) {
      losses.push(Number(await model.trainOnBatch(xs, ys)));
      bytes.push(memory().numBytes);
    }
    // Nobody disposes a batch, and memory stays as it is after the first steps.
    expect(new Set(bytes.slice(3)).size).toBe(1);
    expect(losses).toHaveLength(20 * 3);
    expect(losses.at(-1)).toBeLessThan((losses[0] ?? 0) / 2);
  });
});
