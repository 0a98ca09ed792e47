import { describe, expect, test } from "vitest";
import { ArgumentError, SluiceError } from "../../src/errors.ts";
import { layers } from "../../src/layers/index.ts";
import { ones, type Tensor } from "../../src/tensor/index.ts";
import { consoleLines } from "../../src/train/epoch-lines.ts";
import { input, model, sequential } from "../../src/train/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { kept, linearData, linearModel } from "./support.ts";

const { x, y } = linearData(8);
const fit = (config: unknown, net = linearModel()): ReturnType<typeof net.fit> =>
  net.fit(x, y, config === null ? (null as never) : { verbose: 0, ...(config as object) });

describe("fit", () => {
  const wrong: [string, unknown, string][] = [
    ["epoch", { epoch: 3 }, "sequential_\\d+.fit: there is no option epoch. Did you mean epochs?"],
    ["batch_size", { batch_size: 3 }, "Did you mean batchSize?"],
    ["stepsPerEpoch 0", { stepsPerEpoch: 0 }, "stepsPerEpoch is 0"],
    ["validationSteps 1.5", { validationSteps: 1.5 }, "validationSteps is 1.5"],
    ["validationFreq 0", { validationFreq: 0 }, "validationFreq is 0"],
    ['shuffle "batches"', { shuffle: "batches" }, 'Expected true, false or "batch"'],
    ["verbose 3", { verbose: 3 }, "received verbose 3"],
    ["a signal that is none", { signal: {} }, "received {} as signal"],
    ["callbacks 5", { callbacks: 5 }, "received 5 among callbacks"],
    ["callbacks [null]", { callbacks: [null] }, "received null among callbacks"],
    ["a hook that is text", { callbacks: [{ onEpochEnd: "x" }] }, "Expected a function"],
    ["a hook of Keras", { callbacks: { on_epoch_end: () => {} } }, "Did you mean onEpochEnd?"],
    ["a hook misspelt", { callbacks: { onEpochsEnd: () => {} } }, "Did you mean onEpochEnd?"],
    ["no config but null", null, "received null"],
    ["a class weight of no class", { classWeight: { cat: 1 } }, "{ 0: 1, 1: 5 }"],
    ["class weights as a list", { classWeight: [1, 2] }, "a list of 2 as classWeight"],
    ["validationData that is no list", { validationData: {} }, "validationData"],
  ];

  test.each(wrong)("refuses %s", async (_what, config, message) => {
    await expect(fit(config)).rejects.toThrow(SluiceError);
    await expect(fit(config)).rejects.toThrow(new RegExp(message.replace(/[{}?[\]]/g, "\\$&")));
  });

  test("takes null as absent", async () => {
    const config = { callbacks: null, validationData: null, sampleWeight: null, signal: null };
    const { history } = await fit({ ...config, classWeight: null, epochs: null });
    expect(Object.keys(history)).toEqual(["loss"]);
  });

  test("validates as often as validationFreq says", async () => {
    const options = { epochs: 5, validationSplit: 0.25, validationBatchSize: 1 };
    const epochs = async (validationFreq: unknown): Promise<number | undefined> =>
      (await fit({ ...options, validationFreq })).history.val_loss?.length;
    expect(await epochs(2)).toBe(2); // epochs 2 and 4
    expect(await epochs([1, 2, 5])).toBe(3);
    expect(await epochs(undefined)).toBe(5);
  });

  test("initialEpoch goes on where an earlier call ended", async () => {
    expect((await fit({ epochs: 5, initialEpoch: 3 })).epoch).toEqual([3, 4]);
  });

  test("verbose 2 writes a line an epoch where there is no terminal", () => {
    const lines: string[] = [];
    const bar = consoleLines((line) => lines.push(line));
    const logs = { loss: 0.123456, val_loss: 1234.5678 };
    expect(bar.isLive).toBe(false);
    bar.update({ epoch: 1, epochs: 3, step: 1, logs });
    bar.endEpoch({ epoch: 1, epochs: 3, step: 1, logs });
    bar.close();
    expect(lines).toEqual(["Epoch 1/3  loss 0.1235  val_loss 1235"]);
  });
});

describe("classWeight", () => {
  /** Weights of zero: every prediction of the linear model is 0, so each sample's cost is y². */
  const lossOf = async (labels: unknown, config: object, net = linearModel(0)): Promise<number> => {
    const rows = (labels as unknown[]).length;
    const data = Array.from({ length: rows }, () => [1, 1]);
    const { history } = await net.fit(data, labels as never, { verbose: 0, ...config });
    return history.loss?.[0] ?? Number.NaN;
  };

  test("weighs each sample by the class that its label names", async () => {
    const labels = [[0], [1], [1], [2]];
    // (0·1 + 1·3 + 1·3 + 4·1) / 4; class 2 is not named.
    expectClose([await lossOf(labels, { classWeight: { 0: 1, 1: 3 } })], [2.5], tolerances.loss);
    // times the weights 1, 0, 1, 2 of the samples: (3 + 8) / 4.
    const config = { classWeight: { 1: 3 }, sampleWeight: [1, 0, 1, 2] };
    expectClose([await lossOf(labels, config)], [11 / 4], tolerances.loss);
  });

  const classifier = (loss: string): ReturnType<typeof sequential> => {
    const layer = layers.dense({ units: 2, inputShape: [2], kernelInitializer: "zeros" });
    const net = kept(sequential({ layers: [layer, layers.activation({ activation: "softmax" })] }));
    net.compile({ optimizer: { kind: "sgd", learningRate: 0 }, loss: loss as never });
    return net;
  };

  test("knows the class of one-hot rows and of class numbers", async () => {
    // Both classes have probability ½: each cost is log 2; weights 1, 5, 5.
    const expected = [(11 / 3) * Math.LN2];
    const classWeight = { 0: 1, 1: 5 };
    const hot = [
      [1, 0],
      [0, 1],
      [0, 1],
    ];
    const dense = await lossOf(hot, { classWeight }, classifier("categoricalCrossentropy"));
    const sparse = classifier("sparseCategoricalCrossentropy");
    expectClose([dense], expected, tolerances.loss);
    expectClose([await lossOf([0, 1, 1], { classWeight }, sparse)], expected, tolerances.loss);
  });

  test("wants one output", async () => {
    const place = input({ shape: [2] });
    const outputs = [1, 2].map((units) => layers.dense({ units }).apply(place));
    const net = kept(model({ inputs: place, outputs }));
    net.compile({ loss: "mse" });
    const data = ones([2, 2]);
    await expect(net.fit(data, [ones([2, 1]), data], { classWeight: { 0: 1 } })).rejects.toThrow(
      "2 outputs",
    );
  });
});

describe("the other verbs", () => {
  const place = input({ shape: [2] });
  const compile = (config: unknown): void => linearModel().compile(config as never);
  const wrong: [string, () => unknown, string][] = [
    ["predict batch_size", () => linearModel().predict(x, { batch_size: 1 } as never), "batchSize"],
    ["predict steps", () => linearModel().predict(x, { steps: 0 }), "steps is 0"],
    [
      "predict callbacks",
      () => linearModel().predict(x, { callbacks: [] } as never),
      "not to sluice",
    ],
    ["predict verbose", () => linearModel().predict(x, { verbose: 9 as never }), "verbose 9"],
    [
      "evaluate sampleWeights",
      () => linearModel().evaluate(x, y, { sampleWeights: 1 } as never),
      "Did you mean sampleWeight?",
    ],
    ["compile metric", () => compile({ loss: "mse", metric: ["mae"] }), "Did you mean metrics?"],
    ["compile runEagerly", () => compile({ loss: "mse", runEagerly: true }), "not to sluice yet"],
    ["compile loss 5", () => compile({ loss: 5 }), "loss: received 5"],
    ["compile loss true", () => compile({ loss: true }), "loss: received true"],
    ["compile metrics 5", () => compile({ loss: "mse", metrics: 5 }), "received 5"],
    ["compile nothing", () => compile(undefined), "received undefined"],
    ["compile text", () => compile("adam"), 'received "adam"'],
    ["input()", () => input(undefined as never), "received undefined"],
    ["input(shape)", () => input([10, 1] as never), "received a list of 2"],
    ["input({ shape: 3 })", () => input({ shape: 3 as never }), "received shape 3"],
    ["model()", () => model(undefined as never), "received undefined"],
    ["model({})", () => model({} as never), "received undefined among inputs"],
    [
      "model of tensors",
      () => model({ inputs: ones([1, 2]) as never, outputs: place }),
      "sl.input",
    ],
    ["model without outputs", () => model({ inputs: place, outputs: [] }), "among outputs"],
    ["sequential name", () => sequential({ nam: "x" } as never), "Did you mean name?"],
  ];

  test.each(wrong)("%s", (_what, attempt, message) => {
    expect(attempt).toThrow(ArgumentError);
    expect(attempt).toThrow(message);
  });

  test("a loss or metric that gives no tensor says so", () => {
    const net = linearModel();
    net.compile({ loss: (() => 3) as never });
    expect(() => net.evaluate(x, y)).toThrow("gave 3. Expected a tensor");
    const flat = (): Tensor => undefined as never;
    net.compile({ loss: "mse", metrics: [flat] });
    expect(() => net.evaluate(x, y)).toThrow("metric flat: the function gave undefined");
  });

  test("verbose is taken and shows nothing", async () => {
    const net = linearModel();
    for (const verbose of [0, 1, 2, true, false, "auto"] as const) {
      expect(net.predict(x, { verbose }).shape).toEqual([8, 1]);
      net.evaluate(x, y, { verbose });
    }
  });
});
