import { describe, expect, test } from "vitest";
import { array } from "../../src/data/index.ts";
import { ArgumentError, DisposedError, DTypeError, ShapeError } from "../../src/errors.ts";
import { layers } from "../../src/layers/index.ts";
import { memory, tensor } from "../../src/tensor/index.ts";
import { type FitConfig, sequential } from "../../src/train/index.ts";
import { kept, linearData, linearModel, lstmModel, sineData, weightsOf } from "./support.ts";

const { dense } = layers;

const { x, y } = linearData(8);

const fit = (config: FitConfig): Promise<unknown> =>
  linearModel().fit(x, y, { verbose: 0, ...config });

describe("bad input is refused before any work", () => {
  test("a model that is not compiled", async () => {
    const model = kept(sequential({ layers: [dense({ units: 1, inputShape: [2] })] }));
    await expect(model.fit(x, y)).rejects.toThrow(ArgumentError);
    expect(() => model.evaluate(x, y)).toThrow("not compiled");
    await expect(model.trainOnBatch(x, y)).rejects.toThrow("compile({ optimizer");
  });

  test("unknown names, with the nearest", () => {
    const model = linearModel();
    const compile = (config: object): void => model.compile(config as never);
    expect(() => compile({ loss: "meanSquarredError" })).toThrow('"meanSquaredError"');
    expect(() => compile({ loss: "mse", optimizer: "adamm" })).toThrow('"adam"');
    expect(() => compile({ loss: "mse", metrics: ["acuracy"] })).toThrow('"accuracy"');
    expect(() => compile({ optimizer: "adam" })).toThrow("received no loss");
    expect(() => compile({ loss: ["mse", "mae"] })).toThrow("Expected 1");
    expect(() => compile({ loss: { there: "mse" } })).toThrow('no output "there"');
    expect(() => compile({ loss: "mse", lossWeights: [1, 2] })).toThrow(ArgumentError);
  });

  test("settings out of bounds", async () => {
    for (const batchSize of [0, -1, 1.5, Number.NaN]) {
      await expect(fit({ batchSize })).rejects.toThrow("batchSize");
    }
    await expect(fit({ epochs: 0 })).rejects.toThrow("epochs");
    await expect(fit({ validationSplit: 1 })).rejects.toThrow("validationSplit");
    await expect(fit({ validationSplit: 0.99 })).rejects.toThrow("leaves none");
    await expect(fit({ validationSplit: 0.5, validationData: [x, y] })).rejects.toThrow("both");
    await expect(fit({ yieldEvery: "sometimes" as never })).rejects.toThrow("yieldEvery");
    expect(() => linearModel().predict(x, { batchSize: 0 })).toThrow(ArgumentError);
    expect(() => linearModel().evaluate(x, y, { batchSize: 0 })).toThrow(ArgumentError);
  });

  test("data of another shape than the model's, named", async () => {
    const model = lstmModel({ time: 10 });
    const short = sineData(4, 9);
    const error = await model.fit(short.x, short.y).catch((e) => e);
    expect(error).toBeInstanceOf(ShapeError);
    expect(error.message).toContain(`${model.name}.fit: x: received shape [4,9,1]`);
    expect(error.message).toContain("expected [null,10,1]");
    const flat = tensor(new Float32Array(40), [4, 10]);
    await expect(model.fit(flat, short.y)).rejects.toThrow("expandDims(-1)");
    expect(() => model.predict(flat)).toThrow(ShapeError);
  });

  test("labels that do not fit the output, named", async () => {
    const model = linearModel();
    const wide = y.map(([value = 0]) => [value, value]);
    const error = await model.fit(x, wide).catch((e) => e);
    expect(error).toBeInstanceOf(ShapeError);
    expect(error.message).toContain("received labels of shape [8,2]");
    expect(error.message).toContain("predictions' shape [8,1]");
    const scores = kept(sequential({ layers: [dense({ units: 3, inputShape: [2] })] }));
    scores.compile({ loss: { kind: "sparseCategoricalCrossentropy", fromLogits: true } });
    await expect(scores.fit(x, [0, 1, 2, 3, 0, 1, 2, 0])).rejects.toThrow(
      "class number 3 (element 3)",
    );
    await expect(
      scores.fit(
        x,
        y.map(() => 0.5),
      ),
    ).rejects.toThrow("class number 0.5");
  });

  test("numbers of samples that differ, and none at all", async () => {
    const model = linearModel();
    await expect(model.fit(x, y.slice(1))).rejects.toThrow("x has 8 samples, but y has 7");
    await expect(fit({ sampleWeight: [1, 2] })).rejects.toThrow("sampleWeight has 2");
    await expect(fit({ validationData: [x, y.slice(2)] })).rejects.toThrow("validationData");
    await expect(
      model.fit(tensor(new Float32Array(0), [0, 2]), tensor(new Float32Array(0), [0, 1])),
    ).rejects.toThrow("no samples");
    expect(() => model.predict(tensor(new Float32Array(0), [0, 2]))).toThrow("no samples");
  });

  test("weights that are no weights of these samples", async () => {
    await expect(fit({ sampleWeight: tensor(new Float32Array(24), [8, 3]) })).rejects.toThrow(
      ShapeError,
    );
  });

  test("strings, ragged rows, nothing, and more tensors than inputs", async () => {
    const model = linearModel();
    await expect(model.fit([["a", "b"]] as never, y)).rejects.toThrow(DTypeError);
    await expect(model.fit([[1, 2], [3]] as never, y)).rejects.toThrow(ShapeError);
    await expect(model.fit(undefined as never, y)).rejects.toThrow(ArgumentError);
    await expect(model.fit([tensor(x), tensor(x)], y)).rejects.toThrow("a list of 2");
    await expect(model.fit({ elsewhere: x }, y)).rejects.toThrow("elsewhere");
  });

  test("what gives data later or in pieces, with the way out", async () => {
    const model = linearModel();
    const batches = function* (): Generator<object> {
      yield { xs: x, ys: y };
    };
    for (const given of [batches, array(x), array(x).batch(4)]) {
      await expect(model.fit(given as never, y)).rejects.toThrow("fitDataset()");
      await expect(model.fit(x, given as never)).rejects.toThrow("fitDataset()");
    }
    await expect(model.fit(Promise.resolve(x) as never, y)).rejects.toThrow("await it");
  });

  test("a model without weights to train", async () => {
    const model = linearModel();
    for (const layer of model.layers) layer.trainable = false;
    await expect(model.fit(x, y)).rejects.toThrow("nothing to train");
  });

  test("a loss that depends on no weight", async () => {
    const model = linearModel();
    model.compile({ loss: (labels) => labels.mean() });
    await expect(model.fit(x, y, { verbose: 0 })).rejects.toThrow("depends on none of the weights");
  });

  test("a disposed model", async () => {
    const model = linearModel();
    model.dispose();
    await expect(model.fit(x, y)).rejects.toThrow(DisposedError);
    expect(() => model.predict(x)).toThrow(DisposedError);
    expect(() => model.compile({ loss: "mse" })).toThrow(DisposedError);
  });

  test("leaves weights and memory as they were", async () => {
    const model = linearModel();
    await model.fit(x, y, { verbose: 0 });
    const [weights, before] = [await weightsOf(model), memory()];
    await model.fit(x, y.slice(1)).catch(() => undefined);
    await model.fit(x, y, { validationData: [x, [[1]]] }).catch(() => undefined);
    await model.fit(x, y, { batchSize: 0 }).catch(() => undefined);
    expect(await weightsOf(model)).toEqual(weights);
    expect(memory()).toEqual(before);
  });
});
