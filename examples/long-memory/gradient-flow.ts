/**
 * How much gradient of the adding problem's loss reaches each time step, for each cell, before and after training.
 *
 *     npm run example:gradient-flow -- [--steps 200] [--updates 2000] [--seed 1] [--match LSTM] [--dump flow.json]
 *
 * `--match` takes the variants whose name has these letters. `--dump` writes weights, data and figures, for
 * `gradient_flow.py` to compute them again in PyTorch's float64.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import * as sl from "sluice";
import { randomFrom } from "./random.ts";
import { adding, type Samples } from "./tasks.ts";
import { createModel, RECIPE, train } from "./train.ts";
import { VARIANTS, type Variant } from "./variants.ts";

const { values: flags } = parseArgs({
  options: {
    steps: { type: "string", default: "200" },
    updates: { type: "string", default: "2000" },
    seed: { type: "string", default: "1" },
    match: { type: "string", default: "" },
    dump: { type: "string" },
  },
});
const [steps, updates, seed] = [flags.steps, flags.updates, flags.seed].map(Number) as [
  number,
  number,
  number,
];
const task = adding(steps);
const shown = [0, 0.25, 0.5, 0.75, 1].map((share) => Math.max(1, Math.round(share * steps)));
await main();

async function main(): Promise<void> {
  await sl.init();
  console.log(`Adapter  ${sl.adapterName()}\n`);
  console.log(`‖∂loss/∂h_t‖ of ${task.name}, H = ${RECIPE.units}, seed ${seed}\n`);
  console.log(`${"".padEnd(46)}${shown.map((t) => `t = ${t}`.padStart(10)).join("")}`);
  const samples = task.draw(randomFrom(1000 + seed), RECIPE.batchSize);
  const dumped: object[] = [];
  for (const variant of VARIANTS.filter(({ name }) => name.includes(flags.match))) {
    sl.setSeed(seed);
    const model = await variant.make((recurrent) => createModel(task, variant.cell, recurrent));
    dumped.push(await look(model, samples, { variant, when: "before" }));
    if (variant.isTrained && updates > 0) {
      const { updates: done, figure, isSolved } = await train(model, task, { seed, updates });
      const when = `after ${done} updates`;
      dumped.push(await look(model, samples, { variant, when }));
      console.log(
        `${"".padEnd(46)}${isSolved ? "solved" : "not solved"}: error ${figure.toFixed(4)}`,
      );
    }
    model.dispose();
  }
  if (flags.dump !== undefined) writeFileSync(flags.dump, JSON.stringify(dumped));
}

/** Prints a line (an LSTM has one for c, too), and gives what it takes to compute it elsewhere. */
async function look(
  model: sl.Sequential,
  { x, y }: Samples,
  { variant, when }: { variant: Variant; when: string },
): Promise<object> {
  const [flow] = await sl.inspect.gradientFlow(model, x, y);
  if (flow === undefined) throw new Error("the model has no recurrent layer");
  const line = (name: string, norms: Float32Array): void => {
    const cells = shown.map((t) => (norms[t - 1] ?? Number.NaN).toExponential(1).padStart(10));
    console.log(`${name.padEnd(46)}${cells.join("")}`);
  };
  line(`${variant.name}, ${when}`, flow.h);
  if (flow.c) line("    c", flow.c);
  const numbers = async (one: sl.Tensor) => ({ shape: one.shape, data: [...(await one.data())] });
  return {
    ...{ name: variant.name, when, cell: variant.cell },
    weights: await Promise.all(model.weights.map(numbers)),
    ...{ x: await numbers(x), y: await numbers(y) },
    ...{ h: [...flow.h], c: flow.c ? [...flow.c] : null },
  };
}
