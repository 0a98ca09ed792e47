import { describe, expect, test } from "vitest";
import { ArgumentError, ShapeError } from "../../../src/errors.ts";
import { layers } from "../../../src/layers/index.ts";
import { tensor } from "../../../src/tensor/index.ts";
import { type FunctionalModel, input, model, type SampleWeight } from "../../../src/train/index.ts";
import { expectClose } from "../../helpers/compare.ts";
import { tolerances } from "../../helpers/tolerances.ts";
import { kept } from "../support.ts";

/** Predictions of zero at two outputs: the cost of a sample is the square of its label. */
function zeros(): FunctionalModel<"many"> {
  const place = input({ shape: [1] });
  const output = (name: string) =>
    layers.dense({ units: 1, name, kernelInitializer: "zeros", trainable: true }).apply(place);
  const net = kept(model({ inputs: place, outputs: [output("a"), output("b")] }));
  net.compile({ optimizer: { kind: "sgd", learningRate: 0 }, loss: "mse" });
  return net;
}

const x = [[0], [0], [0]];
const y = [
  [[1], [2], [3]],
  [[2], [4], [6]],
];
const [one, other] = [
  [1, 0, 2],
  [0, 1, 0.5],
];
/** Σ label²·weight / 3 */
const costOf = (labels: number[][] = [], weights: readonly number[] = [1, 1, 1]): number =>
  labels.reduce((sum, [label = 0], i) => sum + label * label * (weights[i] ?? 1), 0) / 3;

describe("sampleWeight of several outputs", () => {
  const cases: [string, SampleWeight, number, number][] = [
    ["one for all", one, costOf(y[0], one), costOf(y[1], one)],
    ["a list", [one, other], costOf(y[0], one), costOf(y[1], other)],
    ["a list with none", [null, other], costOf(y[0]), costOf(y[1], other)],
    ["tensors", [tensor(one), tensor(other)], costOf(y[0], one), costOf(y[1], other)],
  ];

  test.each(cases)("%s", async (_what, sampleWeight, first, second) => {
    const net = zeros();
    const [aName = "", bName = ""] = net.outputNames;
    const expected = [first + second, first, second];
    const check = async (weights: SampleWeight): Promise<void> => {
      const figures = net.evaluate(x, y, { sampleWeight: weights, batchSize: 2 });
      const evaluated = await Promise.all([figures].flat().map(async (f) => (await f.data())[0]));
      expectClose(evaluated as number[], expected, tolerances.reduction);
      const { history } = await net.fit(x, y, {
        sampleWeight: weights,
        validationData: [x, y, weights],
        verbose: 0,
        batchSize: 2,
      });
      const names = ["loss", `${aName}_loss`, `${bName}_loss`];
      for (const prefix of ["", "val_"]) {
        const got = names.map((name) => history[prefix + name]?.[0] ?? Number.NaN);
        expectClose(got, expected, tolerances.reduction);
      }
      const fromSet = await net.fitDataset([{ xs: x, ys: y, sampleWeights: weights }], {
        verbose: 0,
      });
      expectClose(
        names.map((name) => fromSet.history[name]?.[0] ?? Number.NaN),
        expected,
        tolerances.reduction,
      );
      expectClose(
        (await net.testOnBatch(x, y, weights)) as number[],
        expected,
        tolerances.reduction,
      );
    };
    await check(sampleWeight);
    if (Array.isArray(sampleWeight) && sampleWeight.length === 2) {
      const [a, b] = sampleWeight as never[];
      await check({ [aName]: a ?? null, [bName]: b } as SampleWeight);
      if (a === null) await check({ [bName]: b } as never);
    }
  });

  test("that do not fit are refused", async () => {
    const net = zeros();
    const run = (sampleWeight: unknown) => () =>
      net.evaluate(x, y, { sampleWeight: sampleWeight as SampleWeight });
    expect(run([one, null, other])).toThrow("a list of 3 as sampleWeight");
    expect(run({ c: one })).toThrow(ArgumentError);
    expect(run({ c: one })).toThrow('names "c"');
    expect(run([[1, 2], other])).toThrow(ShapeError);
    expect(run(5)).toThrow(ShapeError);
  });
});
