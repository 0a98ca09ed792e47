import { describe, expect, test } from "vitest";
import { ArgumentError } from "../../../src/errors.ts";
import type { CallbackModel } from "../../../src/train/callbacks/callback-hooks.ts";
import {
  type ModelCheckpointConfig,
  modelCheckpoint,
} from "../../../src/train/callbacks/model-checkpoint.ts";
import { linearData, linearModel } from "../support.ts";
import { FakeFit, FakeModel, listen, train } from "./support.ts";

const filepath = "out/m-{epoch:02d}.safetensors";

describe("modelCheckpoint", () => {
  // Rules of keras.callbacks.ModelCheckpoint, by hand: every epoch, or with saveBestOnly those that are better than all before
  // and than initialValueThreshold.
  test.each<[string, ModelCheckpointConfig, number[], number[]]>([
    ["each epoch", {}, [3, 4, NaN], [1, 2, 3]],
    ["saveBestOnly", { saveBestOnly: true }, [3, 4, 2, 2, NaN, 1], [1, 3, 6]],
    ["saveBestOnly, mode max", { saveBestOnly: true, mode: "max" }, [3, 4, 2, 5], [1, 2, 4]],
    ["a threshold to beat", { saveBestOnly: true, initialValueThreshold: 2 }, [3, 2, 1], [3]],
    ["a threshold without saveBestOnly", { initialValueThreshold: 2 }, [3, 2], [1, 2]],
  ])("saves at %s", async (_, config, figures, epochs) => {
    const model = new FakeModel();
    await train(modelCheckpoint({ filepath, ...config }), figures, { model });
    expect(model.calls).toEqual(epochs.map((epoch) => `save out/m-0${epoch}.safetensors`));
  });

  test("saves the weights alone with saveWeightsOnly", async () => {
    const model = new FakeModel();
    await train(modelCheckpoint({ filepath: "w", saveWeightsOnly: true }), [1], { model });
    expect(model.calls).toEqual(["saveWeights w"]);
  });

  test("hands on targets that are no paths as they are", async () => {
    const target = new URL("https://example.com/m.safetensors");
    const model = new FakeModel();
    await train(modelCheckpoint({ target }), [1], { model });
    expect(model.calls).toEqual([`save ${target}`]);
  });

  test("fills in epoch, batch and figures", async () => {
    const fit = new FakeFit(modelCheckpoint({ filepath: "{epoch}-{loss:.2f}-{val_mae:08.3f}" }));
    await fit.list.trainBegin();
    await fit.run([{ loss: 0.126, val_mae: -12.34567 }]);
    expect(fit.model.calls).toEqual(["save 1-0.13--012.346"]);
    const other = new FakeFit(modelCheckpoint({ filepath: "{epoch}-{batch}", saveFreq: 2 }));
    await other.list.trainBegin();
    await other.run([{ loss: 1 }, { loss: 1 }], 3);
    expect(other.model.calls).toEqual(["save 1-2", "save 2-1", "save 2-3"]);
  });

  test("counts batches over epochs, and has the hook that makes fit wait only then", async () => {
    const checkpoint = modelCheckpoint({
      filepath: "m",
      saveFreq: 4,
      saveBestOnly: true,
      monitor: "loss",
    });
    expect(checkpoint.onBatchEnd).toBeDefined();
    expect(modelCheckpoint({ filepath: "m" }).onBatchEnd).toBeUndefined();
    const fit = new FakeFit(checkpoint);
    await fit.list.trainBegin();
    await fit.run([{ loss: 3 }, { loss: 2 }, { loss: 2.5 }, { loss: 2.5 }], 3);
    // Batches 4 (loss 2), 8 and 12 (loss 2.5).
    expect(fit.model.calls).toHaveLength(1);
  });

  test("remembers the best figure of a model from fit to fit; another model begins anew", async () => {
    const checkpoint = modelCheckpoint({ filepath: "m", saveBestOnly: true });
    const [model, other] = [new FakeModel(), new FakeModel()];
    await train(checkpoint, [2, 1], { model });
    await train(checkpoint, [3, 1.5, 0.5], { model });
    expect(model.calls).toHaveLength(3);
    await train(checkpoint, [9], { model: other });
    expect(other.calls).toHaveLength(1);
  });

  test("goes on with its state", async () => {
    const first = modelCheckpoint({ filepath: "m", saveBestOnly: true });
    await train(first, [2, 1]);
    const second = modelCheckpoint({ filepath: "m", saveBestOnly: true });
    const fit = new FakeFit(second, { epoch: 2 });
    await fit.list.trainBegin();
    second.setState(JSON.parse(JSON.stringify(first.getState())));
    await fit.run([{ val_loss: 1.5 }, { val_loss: 0.5 }]);
    expect(fit.model.calls).toHaveLength(1);
  });

  test("tells what it does, if asked to", async () => {
    const lines = listen("log");
    await train(modelCheckpoint({ filepath: "m{epoch}", saveBestOnly: true, verbose: 1 }), [2, 3]);
    expect(lines).toEqual([
      "Epoch 1: val_loss is better: 2 after Infinity",
      "Epoch 1: saved m1",
      "Epoch 2: val_loss is 3, not better than 2",
    ]);
  });

  test("saves, with a warning, when there is no figure to compare, as Keras does", async () => {
    const warnings = listen("warn");
    const model = new FakeModel();
    await train(modelCheckpoint({ filepath: "m", saveBestOnly: true }), [2, 3], {
      name: "loss",
      model,
    });
    expect(model.calls).toHaveLength(2);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('no figure "val_loss"');
  });

  test("in fit: waits for the saving, which sees the weights of the epoch's end", async () => {
    const { x, y } = linearData(8);
    const model = linearModel();
    const seen: number[] = [];
    const checkpoint = modelCheckpoint({ filepath: "m", saveBestOnly: true, monitor: "loss" });
    const saving = {
      save: async () => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        seen.push(Number(await model.testOnBatch(x, y)));
      },
    };
    const one = { setModel: () => checkpoint.setModel(saving as unknown as CallbackModel) };
    const config = { batchSize: 8, epochs: 3, verbose: 0, callbacks: [checkpoint, one] } as const;
    const { history } = await model.fit(x, y, config);
    expect(seen).toHaveLength(3);
    // The loss of an epoch of one batch is that before its update.
    expect(seen.slice(0, 2)).toEqual([
      expect.closeTo(history.loss?.[1] ?? 0, 6),
      expect.closeTo(history.loss?.[2] ?? 0, 6),
    ]);
  });

  test.each([
    [{}, "received undefined. Expected one place to save to"],
    [{ filepath: "" }, 'received ""'],
    [{ filepath: "a", target: "b" }, "both filepath and target"],
    [{ filepath: "a", saveFreq: 0 }, "saveFreq is 0. Expected a whole number from 1 up."],
    [{ filepath: "a", saveFreq: "batch" }, 'saveFreq is "batch"'],
    [{ filepath: "a-{epoch" }, "cannot read {"],
    [{ filepath: "a-{epoch:>4}" }, "cannot read {epoch:>4}"],
    [{ filePath: "a" }, "Did you mean filepath?"],
  ])("refuses %j", (config, message) => {
    expect(() => modelCheckpoint(config as ModelCheckpointConfig)).toThrow(ArgumentError);
    expect(() => modelCheckpoint(config as ModelCheckpointConfig)).toThrow(message);
  });

  test("a figure that the path names and the epoch lacks ends training, saying what there is", async () => {
    const run = train(modelCheckpoint({ filepath: "{val_los:.2f}" }), [1]);
    await expect(run).rejects.toThrow("Did you mean {val_loss}? Available: val_loss, epoch.");
  });
});
