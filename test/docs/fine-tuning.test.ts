import * as sl from "sluice";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { programOf, runProgram } from "./blocks.ts";

const program = programOf("fine-tuning.md");
const weightsOf = async (model: sl.Sequential, layer: string) =>
  Promise.all(model.getLayer(layer).weights.map(async (weight) => [...(await weight.data())]));

/** The page's program up to a line, and its models. */
async function runUpTo(line: string): Promise<{ pretrained: sl.Sequential; tuned: sl.Sequential }> {
  const end = program.indexOf(line);
  if (end < 0) throw new Error(`The page has no line ${line}.`);
  const { names } = await runProgram(program.slice(0, end + line.length));
  return names as unknown as { pretrained: sl.Sequential; tuned: sl.Sequential };
}

describe("the program of the page", () => {
  const models: sl.Sequential[] = [];
  let loaded: Awaited<ReturnType<typeof runUpTo>>;
  let frozen: typeof loaded;
  let whole: typeof loaded;
  beforeAll(async () => {
    loaded = await runUpTo("await tuned.loadWeights(file, { byName: true });");
    frozen = await runUpTo("{ epochs: 5, verbose: 0 });");
    whole = await runUpTo("{ epochs: 2, verbose: 0 });");
    for (const { pretrained, tuned } of [loaded, frozen, whole]) models.push(pretrained, tuned);
  });
  afterAll(() => {
    for (const model of models) model.dispose();
  });

  test("loads both LSTMs by name, and leaves the new head alone", async () => {
    const { pretrained, tuned } = loaded;
    for (const layer of ["lower", "upper"]) {
      expect(await weightsOf(tuned, layer)).toEqual(await weightsOf(pretrained, layer));
    }
    expect(tuned.getLayer("nextTwo").weights.map(({ shape }) => shape)).toEqual([[16, 2], [2]]);
  });

  test("keeps the frozen layer bit for bit, and trains the rest", async () => {
    const { pretrained, tuned } = frozen;
    expect(await weightsOf(tuned, "lower")).toEqual(await weightsOf(pretrained, "lower"));
    expect(await weightsOf(tuned, "upper")).not.toEqual(await weightsOf(pretrained, "upper"));
    expect(tuned.trainableWeights.map(({ name }) => name)).toEqual([
      "upper/kernel",
      "upper/recurrent_kernel",
      "upper/bias",
      "nextTwo/kernel",
      "nextTwo/bias",
    ]);
    const losses = tuned.history?.history.loss as number[];
    expect(losses.at(-1)).toBeLessThan(losses[0] ?? 0);
  });

  test("remembers in the file what is frozen", async () => {
    const again = await sl.loadLayersModel(await frozen.tuned.save());
    models.push(again as sl.Sequential);
    expect(again.getLayer("lower").trainable).toBe(false);
    expect(again.getLayer("upper").trainable).toBe(true);
  });

  test("trains all layers once they are unfrozen, with an optimizer that begins anew", async () => {
    const { pretrained, tuned } = whole;
    expect(tuned.trainableWeights).toHaveLength(8);
    expect(await weightsOf(tuned, "lower")).not.toEqual(await weightsOf(pretrained, "lower"));
    expect(tuned.optimizer.iterations).toBe(2 * Math.ceil(67 / 32));
    expect(tuned.optimizer.learningRate).toBeCloseTo(0.001, 9);
  });
});
