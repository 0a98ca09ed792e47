/**
 * Forecasts a county's births of the next day from 200 windows: by a model trained on them alone, and by one that learned
 * the whole country before.
 *
 *     node tools/run.mjs examples/fine-tune/main.ts [seed...]
 *
 * Exit status: 0 when fine-tuning beats training from scratch for each seed (default: 1, 2 and 3), 1 when not.
 */
import * as sl from "sluice";
import { countrySamples, drawCounty } from "./data.ts";
import { errorOf, fineTune, pretrain, trainFromScratch, unfreeze } from "./model.ts";

const words = process.argv.slice(2);
process.exitCode = await main(words.length === 0 ? [1, 2, 3] : words.map(Number));

async function main(seeds: readonly number[]): Promise<number> {
  await sl.init();
  console.log(`Adapter  ${sl.adapterName()}`);
  console.log("Mean absolute error on 2012 to 2014, births a day\n");
  console.log("seed    scratch  fine-tuned  all layers");
  let isBetter = true;
  for (const seed of seeds) {
    const errors = await compare(seed);
    isBetter &&= errors.fineTuned < errors.scratch;
    const figures = [errors.scratch, errors.fineTuned, errors.unfrozen];
    const cells = figures.map((figure, i) => figure.toFixed(2).padStart(i === 0 ? 8 : 12));
    console.log(`${String(seed).padEnd(7)}${cells.join("")}`);
  }
  console.log(`\nFine-tuning ${isBetter ? "beats" : "does not beat"} training from scratch.`);
  return isBetter ? 0 : 1;
}

/** Both ways of training for one seed, which decides the county, all first weights and the order of the samples. */
async function compare(seed: number) {
  sl.setSeed(seed);
  const { samples, heldOut, deviation } = await drawCounty(seed);
  const file = await pretrain(countrySamples(), seed);
  const scratch = await trainFromScratch(samples, seed);
  const tuned = await fineTune(file, samples, seed);
  const fineTuned = await errorOf(tuned, heldOut);
  await unfreeze(tuned, samples, seed);
  const errors = {
    scratch: deviation * (await errorOf(scratch, heldOut)),
    fineTuned: deviation * fineTuned,
    unfrozen: deviation * (await errorOf(tuned, heldOut)),
  };
  scratch.dispose();
  tuned.dispose();
  return errors;
}
