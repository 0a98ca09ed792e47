import { expect, test } from "vitest";
import { AbortError } from "../../../src/errors.ts";
import { decodeSafetensors } from "../../../src/formats/index.ts";
import { loadLayersModel, type Model } from "../../../src/train/index.ts";
import { kept, lstmModel, sineData } from "../support.ts";

async function figuresOf(model: Model): Promise<Uint8Array | undefined> {
  const file = new Uint8Array(await (await model.save()).arrayBuffer());
  return decodeSafetensors(file).tensors.get("/figures/epoch")?.bytes;
}

test("a file that is saved again before training goes on keeps the figures of the epoch", async () => {
  const { x, y } = sineData(24, 5);
  const model = lstmModel();
  const stop = new AbortController();
  const onBatchEnd = (batch: number): void => {
    if (batch === 1) stop.abort();
  };
  const { signal } = stop;
  const fit = model.fit(x, y, { batchSize: 4, verbose: 0, signal, callbacks: { onBatchEnd } });
  await expect(fit).rejects.toThrow(AbortError);
  const figures = await figuresOf(model);
  expect(figures?.some((byte) => byte !== 0)).toBe(true);
  const again = kept(await loadLayersModel(await model.save()));
  expect(await figuresOf(again)).toEqual(figures);
});
