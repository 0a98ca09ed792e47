import { describe, expect, test } from "vitest";
import { SluiceError } from "../../src/errors.ts";
import { layers } from "../../src/layers/index.ts";
import { memory, randomNormal } from "../../src/tensor/index.ts";
import { loadLayersModel, type Model, sequential } from "../../src/train/index.ts";
import { kept, linearData, linearModel, noise, sineData, weightsOf } from "./support.ts";

const { dense, dropout, lstm } = layers;

const quietly = { verbose: 0 } as const;
const quiet = { verbose: 0, shuffle: false } as const;

describe("a model that is changed while fit runs", () => {
  test("disposed: fit ends with an error that says so, and leaves nothing behind", async () => {
    const { x, y } = linearData(8);
    await linearModel().fit(x, y, quietly);
    const before = memory();
    const build = (): Model => {
      const model = sequential({ layers: [dense({ units: 1, inputShape: [2] })] });
      model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
      return model;
    };
    const soon = build();
    const never = soon.fit(x, y, quietly);
    soon.dispose();
    await expect(never).rejects.toThrow("disposed, compiled anew");
    expect(memory()).toEqual(before);
  });

  test("compiled anew, or given other layers: is refused, and fit goes on", async () => {
    const { x, y } = linearData(8);
    const model = linearModel();
    const training = model.fit(x, y, { ...quietly, epochs: 3 });
    const changes = [
      () => model.compile({ loss: "mse" }),
      () => model.add(dense({ units: 1 })),
      () => model.pop(),
    ];
    for (const change of changes) expect(change).toThrow(/fit\(\) is running/);
    expect((await training).epoch).toEqual([0, 1, 2]);
  });

  test("a second fit that is refused takes no stop back, and the record is there meanwhile", async () => {
    const { x, y } = linearData(8);
    const model = linearModel();
    const onEpochEnd = async (): Promise<void> => {
      model.stopTraining = true;
      await expect(model.fit(x, y, quietly)).rejects.toThrow("fit() is running");
    };
    const { epoch } = await model.fit(x, y, { ...quietly, epochs: 5, callbacks: { onEpochEnd } });
    expect(epoch).toEqual([0]);
    const failing = {
      onEpochEnd: (at: number) => (at === 1 ? Promise.reject(new Error("mine")) : undefined),
    };
    await expect(
      model.fit(x, y, { ...quietly, epochs: 5, callbacks: failing as never }),
    ).rejects.toThrow("mine");
    expect(model.history?.epoch).toEqual([0]);
  });
});

describe("two fits at once", () => {
  test("the second is refused with a clear error, the first goes on", async () => {
    const { x, y } = linearData(64);
    const model = linearModel();
    const first = model.fit(x, y, { ...quiet, epochs: 2, batchSize: 8 });
    await expect(model.fit(x, y, quiet)).rejects.toThrow(SluiceError);
    await expect(model.trainOnBatch(x, y)).rejects.toThrow("fit() is running");
    expect((await first).epoch).toEqual([0, 1]);
    await model.fit(x, y, quiet);
  });

  test("on two models they do not disturb each other", async () => {
    const data = linearData(32);
    const other = { x: data.x, y: [...noise(32, 9)].map((value) => [value]) };
    const config = { ...quiet, batchSize: 8, epochs: 3 };
    const alone = linearModel();
    await alone.fit(data.x, data.y, config);
    const [a, b] = [linearModel(), linearModel()];
    await Promise.all([a.fit(data.x, data.y, config), b.fit(other.x, other.y, config)]);
    expect(await weightsOf(a)).toEqual(await weightsOf(alone));
    expect(await weightsOf(b)).not.toEqual(await weightsOf(alone));
  });
});

describe("two models at once", () => {
  test("draw random numbers of their own, whatever else draws meanwhile", async () => {
    const { x, y } = sineData(24, 5);
    const config = { verbose: 0, batchSize: 8, epochs: 3, seed: 1 } as const;
    const model = kept(
      sequential({
        layers: [
          lstm({ units: 4, inputShape: [5, 1], dropout: 0.3 }),
          dropout({ rate: 0.3, seed: 2 }),
          dense({ units: 1 }),
        ],
      }),
    );
    model.compile({ optimizer: "adam", loss: "mse" });
    await model.fit(x, y, config);
    const file = await model.save(); // random numbers go on from here
    const copies = await Promise.all([1, 2, 3].map(() => loadLayersModel(file)));
    const [alone, a, b] = copies.map((copy) => kept(copy)) as [Model, Model, Model];
    await alone.fit(x, y, config);
    await Promise.all([
      a.fit(x, y, { ...config, yieldEvery: "batch" }),
      b.fit(x, y, { ...config, yieldEvery: "batch" }),
      randomNormal([4]).data(),
    ]);
    const weights = await weightsOf(alone);
    expect(await weightsOf(a)).toEqual(weights);
    expect(await weightsOf(b)).toEqual(weights);
    expect(weights).not.toEqual(await weightsOf(model));
  });
});
