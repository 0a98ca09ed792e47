import { describe, test } from "vitest";
import { layers } from "../../src/layers/index.ts";
import type { AnyLayer } from "../../src/layers/layer.ts";
import { tensor } from "../../src/tensor/index.ts";
import { sequential } from "../../src/train/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { expectGolden, inputOf, loadTrainingGoldens, trainingData } from "../helpers/golden.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { kept } from "./support.ts";

const names = ["kernel", "recurrentKernel", "bias", "denseKernel", "denseBias"] as const;

describe("25 steps of Adam equal those of PyTorch with Keras's epsilon", () => {
  test.each(loadTrainingGoldens())("$name", async (golden) => {
    const { batch, time, features, units, learningRate } = golden;
    const recurrent: (config: { units: number; inputShape: number[] }) => AnyLayer =
      layers[golden.layer];
    const model = kept(
      sequential({
        layers: [recurrent({ units, inputShape: [time, features] }), layers.dense({ units: 1 })],
      }),
    );
    model.setWeights(
      names.map((name) => tensor(inputOf(golden.weights[name]), golden.weights[name].shape)),
    );
    model.compile({ optimizer: { kind: "adam", learningRate }, loss: "meanSquaredError" });
    const { x, target } = trainingData();
    const { history } = await model.fit(
      tensor(x, [batch, time, features]),
      tensor(target, [batch, 1]),
      { batchSize: batch, epochs: golden.steps, shuffle: false, verbose: 0 },
    );
    expectClose(history.loss ?? [], golden.keras.loss, {
      ...tolerances.trainingLoss,
      label: "loss",
    });
    for (const [i, name] of names.entries()) {
      const weight = (await model.weights[i]?.data()) ?? [];
      expectGolden(weight, golden.keras.finalWeights[name], {
        ...tolerances.trainingWeights,
        label: name,
      });
    }
  });
});
