import * as sl from "sluice";
import { afterAll, describe, expect, test } from "vitest";

const units = 3;
const dense = (config: object = {}) => sl.layers.dense({ units: 1, ...config });
const compiled = (net: sl.Sequential): sl.Sequential => {
  net.compile({ loss: "meanSquaredError" });
  return net;
};
const recurrent = sl.sequential({
  layers: [sl.layers.lstm({ units, inputShape: [4, 2] }), dense()],
});
const trainable = compiled(
  sl.sequential({ layers: [sl.layers.gru({ units, inputShape: [4, 2] }), dense()] }),
);
const plain = compiled(sl.sequential({ layers: [dense({ inputShape: [2] })] }));
const words = sl.sequential({
  layers: [sl.layers.embedding({ inputDim: 5, outputDim: 2, inputLength: 4 }), sl.layers.flatten()],
});
const a = sl.input({ shape: [2] });
const b = sl.input({ shape: [2] });
const twoInputs = sl.model({
  inputs: [a, b],
  outputs: dense().apply(sl.layers.add().apply([a, b])),
});
const twoOutputs = sl.model({ inputs: a, outputs: [dense().apply(a), dense().apply(a)] });
const x = sl.ones([2, 4, 2]);
const y = sl.ones([2, 1]);
const row = sl.ones([1, 2]);
const { gradientFlow, gates, integratedGradients } = sl.inspect;

afterAll(() => {
  for (const one of [recurrent, trainable, plain, words, twoInputs, twoOutputs]) one.dispose();
});

type Failing = [string, () => Promise<unknown>, new (...args: never[]) => Error, RegExp];

describe("inspect", () => {
  test.each<Failing>([
    ["no model", () => gates({} as sl.Model, x), sl.ArgumentError, /received \{\} as model/],
    ["no recurrent layer", () => gates(plain, [[1, 2]]), sl.ArgumentError, /no recurrent layer/],
    ["x of another shape", () => gates(recurrent, sl.ones([2, 4, 3])), sl.ShapeError, /\[2,4,3\]/],
    ["a model without loss", () => gradientFlow(recurrent, x, y), sl.ArgumentError, /not compiled/],
    [
      "no recurrent layer, compiled",
      () => gradientFlow(plain, [[1, 2]], [[1]]),
      sl.ArgumentError,
      /inspect.gradientFlow: the model has no recurrent layer/,
    ],
    [
      "y of another length",
      () => gradientFlow(trainable, x, sl.ones([3, 1])),
      sl.ShapeError,
      /2 sam/,
    ],
    [
      "no data",
      () => gradientFlow(trainable, x, undefined as never),
      sl.ArgumentError,
      /undefined/,
    ],
    [
      "no steps",
      () => integratedGradients(recurrent, x, { steps: 0 }),
      sl.ArgumentError,
      /steps is 0\. Expected a whole number from 1/,
    ],
    [
      "an unknown option",
      () => integratedGradients(recurrent, x, { step: 3 } as never),
      sl.ArgumentError,
      /steps/,
    ],
    [
      "a baseline of another shape",
      () => integratedGradients(recurrent, x, { baseline: [1, 2, 3] }),
      sl.ShapeError,
      /baseline of shape \[3\]\. Expected \[2,4,2\]/,
    ],
    [
      "a target beyond the output",
      () => integratedGradients(recurrent, x, { target: 1 }),
      sl.ArgumentError,
      /target/,
    ],
    [
      "a target of too many axes",
      () => integratedGradients(recurrent, x, { target: [0, 0] }),
      sl.ArgumentError,
      /target/,
    ],
    [
      "a target that gives no number a sample",
      () => integratedGradients(recurrent, x, { target: (output) => output.sum() }),
      sl.ShapeError,
      /target gave shape \[\]/,
    ],
    [
      "a target that is none",
      () => integratedGradients(recurrent, x, { target: () => 1 as never }),
      sl.ArgumentError,
      /target gave 1\. Expected a tensor \[batch\]/,
    ],
    [
      "several numbers a sample and no target",
      () => integratedGradients(words, [[1, 2, 3, 4]]),
      sl.ArgumentError,
      /gives \[8\] numbers for each sample\. Expected a target/,
    ],
    [
      "symbols that stand for no numbers",
      () => integratedGradients(words, [[1, 2, 3, 4]], { target: 0 }),
      sl.ArgumentError,
      /does not depend on x by differentiable operations/,
    ],
    [
      "whole numbers",
      () => integratedGradients(words, sl.tensor2d([[1, 2, 3, 4]], [1, 4], "int32")),
      sl.DTypeError,
      /x of int32.* embedding/,
    ],
    [
      "several inputs",
      () => integratedGradients(twoInputs, [row, row] as never),
      sl.ArgumentError,
      /2 inputs/,
    ],
    [
      "several outputs",
      () => integratedGradients(twoOutputs, [[1, 2]]),
      sl.ArgumentError,
      /2 outputs/,
    ],
  ])("refuses %s", async (_name, act, ErrorClass, message) => {
    const failure = await act().then(
      () => null,
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(ErrorClass);
    expect((failure as Error).message).toMatch(message);
  });

  test("refuses a function that is being compiled", async () => {
    let failure: Promise<unknown> | null = null;
    const traced = sl.compile((value: sl.Tensor) => {
      failure = gates(recurrent, x).catch((error: unknown) => error);
      return value.add(1);
    });
    traced(sl.ones([1])).dispose();
    traced.dispose();
    expect(await failure).toBeInstanceOf(sl.TraceError);
  });
});
