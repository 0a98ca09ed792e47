import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { callbacks, loadLayersModel } from "../../../src/train/index.ts";
import { kept, lstmModel, sineData, weightsOf } from "../support.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-checkpoint-"));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("checkpoints of fit are models of their epochs, and training goes on from each", async () => {
  const { x, y } = sineData(20, 4);
  const model = lstmModel();
  const filepath = join(folder, "model-{epoch:02d}.safetensors");
  const best = join(folder, "best.safetensors");
  const { history } = await model.fit(x, y, {
    epochs: 3,
    batchSize: 8,
    seed: 3,
    verbose: 0,
    validationSplit: 0.2,
    callbacks: [
      callbacks.modelCheckpoint({ filepath }),
      callbacks.modelCheckpoint({
        filepath: best,
        monitor: "loss",
        saveBestOnly: true,
        saveWeightsOnly: true,
      }),
    ],
  });
  expect(readdirSync(folder).sort()).toEqual([
    "best.safetensors",
    "model-01.safetensors",
    "model-02.safetensors",
    "model-03.safetensors",
  ]);
  const again = kept(await loadLayersModel(join(folder, "model-01.safetensors")));
  const rest = await again.fit(x, y, {
    epochs: 3,
    initialEpoch: 1,
    batchSize: 8,
    verbose: 0,
    validationSplit: 0.2,
  });
  expect(rest.history.loss).toEqual(history.loss?.slice(1));
  expect(rest.history.val_loss).toEqual(history.val_loss?.slice(1));
  expect(await weightsOf(again)).toEqual(await weightsOf(model));
  const loaded = lstmModel();
  await loaded.loadWeights(best); // the loss falls at every epoch here
  expect(await weightsOf(loaded)).toEqual(await weightsOf(model));
});
