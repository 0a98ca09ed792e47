import * as sl from "sluice";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { programOf, runProgram } from "./blocks.ts";

/** The page's program, which also keeps the model as it is after these lines. */
const stages = {
  loaded: "await tuned.loadWeights(file, { byName: true });\n",
  frozen: "{ epochs: 5, verbose: 0 });\n",
};

function withStages(program: string): string {
  return Object.entries(stages).reduce((text, [name, line]) => {
    expect(text.split(line)).toHaveLength(2);
    return text.replace(line, `${line}const ${name} = await tuned.save();\n`);
  }, program);
}

const weightsOf = async (model: sl.Model, layer: string) =>
  Promise.all(model.getLayer(layer).weights.map(async (weight) => [...(await weight.data())]));

describe("the program of the page", () => {
  let pretrained: sl.Sequential;
  let tuned: sl.Sequential;
  let loaded: sl.Model;
  let frozen: sl.Model;
  beforeAll(async () => {
    const { names } = await runProgram(withStages(programOf("fine-tuning.md")));
    pretrained = names.pretrained as sl.Sequential;
    tuned = names.tuned as sl.Sequential;
    loaded = await sl.loadLayersModel(names.loaded as Blob);
    frozen = await sl.loadLayersModel(names.frozen as Blob);
  });
  afterAll(() => {
    for (const model of [pretrained, tuned, loaded, frozen]) model.dispose();
  });

  test("loads both LSTMs by name, and leaves the new head alone", async () => {
    for (const layer of ["lower", "upper"]) {
      expect(await weightsOf(loaded, layer)).toEqual(await weightsOf(pretrained, layer));
    }
    expect(loaded.getLayer("nextTwo").weights.map(({ shape }) => shape)).toEqual([[16, 2], [2]]);
  });

  test("keeps the frozen layer bit for bit, trains the rest, and saves what is frozen", async () => {
    expect(await weightsOf(frozen, "lower")).toEqual(await weightsOf(pretrained, "lower"));
    for (const layer of ["upper", "nextTwo"]) {
      expect(await weightsOf(frozen, layer)).not.toEqual(await weightsOf(loaded, layer));
    }
    expect(frozen.getLayer("lower").trainable).toBe(false);
    expect(frozen.trainableWeights.map(({ name }) => name)).toEqual([
      "upper/kernel",
      "upper/recurrent_kernel",
      "upper/bias",
      "nextTwo/kernel",
      "nextTwo/bias",
    ]);
  });

  test("trains all layers once they are unfrozen, with an optimizer that begins anew", async () => {
    expect(tuned.trainableWeights).toHaveLength(8);
    expect(await weightsOf(tuned, "lower")).not.toEqual(await weightsOf(pretrained, "lower"));
    // 80 steps give 67 windows of 12 and 2 steps.
    expect(tuned.optimizer.iterations).toBe(2 * Math.ceil(67 / 32));
    expect(tuned.optimizer.learningRate).toBeCloseTo(0.001, 9);
  });
});
