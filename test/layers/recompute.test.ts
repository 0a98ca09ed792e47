import { describe, expect, test } from "vitest";
import * as sl from "../../src/index.ts";
import { maskOf } from "../../src/layers/masks.ts";
import type { Tensor } from "../../src/tensor/index.ts";
import { wave } from "../helpers/golden.ts";

const [B, D] = [512, 32];

/** dense + gelu + dropout + layerNormalization, kept or computed again. */
class Block extends sl.layers.Layer {
  static override readonly className = "RecomputedBlock";
  readonly #isAgain: boolean;
  readonly #dense: sl.AnyLayer = sl.layers.dense({ units: D, activation: "gelu" });
  readonly #dropout: sl.AnyLayer;
  readonly #norm: sl.AnyLayer = sl.layers.layerNormalization();

  constructor(isAgain: boolean, rate = 0) {
    super({});
    this.#isAgain = isAgain;
    this.#dropout = sl.layers.dropout({ rate, seed: 3 });
  }

  protected override children(): readonly sl.AnyLayer[] {
    return [this.#dense, this.#dropout, this.#norm];
  }

  override build(shape: sl.LayerShapes): void {
    for (const layer of this.children()) layer.ensureBuilt(shape);
    super.build(shape);
  }

  override call(x: Tensor, { training }: sl.CallOptions): Tensor {
    const body = (given: Tensor): Tensor =>
      this.children().reduce((h, layer) => layer.apply(h, { training }) as Tensor, given);
    return this.#isAgain ? sl.recompute(body)(x) : body(x);
  }
}

const wavy = (shape: readonly number[], phase: number) => sl.tensor(wave(shape, phase), shape);

/** A stack of eight with weights that are the same each time. */
function stack(isAgain: boolean, rate = 0): sl.Sequential {
  sl.setSeed(2);
  const model = sl.sequential();
  model.add(sl.layers.inputLayer({ inputShape: [D] }));
  for (let i = 0; i < 8; i++) model.add(new Block(isAgain, rate));
  return model;
}

describe("recomputed blocks of layers", () => {
  test("need less memory, for the same gradients", async () => {
    const measure = async (isAgain: boolean) => {
      const model = stack(isAgain);
      const x = wavy([B, D], 0.3);
      const { value, grads } = sl.variableGrads(() => (model.apply(x) as Tensor).square().mean());
      const all = [value, ...Object.values(grads)];
      const { scratch } = await sl.explain(all);
      const values = await Promise.all(all.map((one) => one.data()));
      model.dispose();
      return { bytes: scratch.reduce((sum, one) => sum + one, 0), values };
    };
    const [kept, again] = [await measure(false), await measure(true)];
    expect(again.values).toEqual(kept.values);
    console.log(`recompute: ${kept.bytes} bytes of scratch memory, ${again.bytes} with it`);
    // Kept for each block: the product, the activation, the normalized; again: what it begins with.
    expect(again.bytes).toBeLessThan(0.5 * kept.bytes);
    expect(again.bytes).toBeGreaterThan(7 * B * D * 4);
  });

  test("train to the same weights, bit by bit, with dropout inside", async () => {
    const train = async (isAgain: boolean) => {
      const model = stack(isAgain, 0.3);
      model.compile({ optimizer: "adam", loss: "meanSquaredError" });
      const { history } = await model.fit(wavy([48, D], 0.1), wavy([48, D], 0.7), {
        ...{ epochs: 2, batchSize: 16, verbose: 0 },
      });
      const weights = await Promise.all(model.getWeights().map((one) => one.data()));
      model.dispose();
      return { weights, losses: history.loss };
    };
    const [kept, again] = [await train(false), await train(true)];
    expect(again).toEqual(kept);
  });

  test("let the mask travel on", async () => {
    const embedding = sl.layers.embedding({ inputDim: 4, outputDim: 3, maskZero: true });
    const block = sl.recompute((ids: Tensor) => embedding.apply(ids) as Tensor);
    const mask = maskOf(block(sl.tensor([1, 0, 2, 3], [2, 2], "int32")));
    expect(mask && Array.from(await mask.data())).toEqual([1, 0, 1, 1]);
    embedding.dispose();
  });
});

describe("transformer blocks with recompute", () => {
  /** Eight blocks, the loss and all gradients of a call in training, and what they take of memory. */
  async function measure(recompute: boolean) {
    sl.setSeed(4);
    const config = { intermediateDim: 64, numHeads: 2, dropout: 0.2, recompute } as const;
    const model = sl.sequential({
      layers: [
        sl.layers.inputLayer({ inputShape: [32, 16] }),
        ...Array.from({ length: 4 }, () => [
          sl.layers.transformerDecoder({ ...config, normalizeFirst: true }),
          sl.layers.transformerEncoder({ ...config, feedForward: "swiglu" }),
        ]).flat(),
      ],
    });
    sl.setSeed(5); // both draw the same dropout
    const x = wavy([64, 32, 16], 0.3);
    const { value, grads } = sl.variableGrads(() =>
      (model.apply(x, { training: true }) as Tensor)
        .square()
        .mul(wavy([32, 16], 0.9))
        .mean(),
    );
    const all = [value, ...Object.values(grads)];
    const { scratch } = await sl.explain(all);
    const values = await Promise.all(all.map((one) => one.data()));
    const json = model.toJSON();
    model.dispose();
    return { bytes: scratch.reduce((a, b) => a + b, 0), values, json };
  }

  test("give the same bits with less memory, and say so in their configs", async () => {
    const [kept, again] = [await measure(false), await measure(true)];
    expect(again.values).toEqual(kept.values);
    console.log(
      `scratch bytes of eight transformer blocks: kept ${kept.bytes}, again ${again.bytes}`,
    );
    expect(again.bytes).toBeLessThan(0.4 * kept.bytes);
    expect(again.json).toContain('"recompute":true');
  });
});
