import { expect, test } from "vitest";
import * as sl from "../../src/index.ts";
import { kept } from "./support.ts";

const [TIME, TOKENS, WIDTH] = [16, 10, 32];
const [SAMPLES, BATCH, EPOCHS] = [8192, 64, 3];

/** Adds a vector that it learns for each position. */
class Positions extends sl.layers.Layer {
  static override readonly className = "PositionsOfReverse";
  override build(): void {
    this.addWeight("positions", [TIME, WIDTH], "float32", "randomNormal");
  }
  override call(x: sl.Tensor): sl.Tensor {
    return x.add(this.weight("positions"));
  }
}

/** Sequences of random tokens, and the same from the end to the start. */
function sequences(count: number, seed: number): { x: Int32Array; y: Int32Array } {
  let state = seed;
  const draw = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * TOKENS);
  };
  const x = Int32Array.from({ length: count * TIME }, draw);
  const mirrored = (i: number): number => i - (i % TIME) + (TIME - 1 - (i % TIME));
  return { x, y: x.map((_, i) => x[mirrored(i)] ?? 0) };
}

test("a transformer of two layers reverses sequences of 16 tokens", {
  timeout: 180_000,
}, async () => {
  await sl.init({ seed: 1 });
  const block = { intermediateDim: 64, numHeads: 4, normalizeFirst: true } as const;
  const net = kept(
    sl.sequential({
      layers: [
        sl.layers.embedding({ inputDim: TOKENS, outputDim: WIDTH, inputShape: [TIME] }),
        new Positions(),
        sl.layers.transformerEncoder(block),
        sl.layers.transformerEncoder(block),
        sl.layers.layerNormalization(),
        sl.layers.dense({ units: TOKENS }),
      ],
    }),
  );
  net.compile({
    optimizer: { kind: "adam", learningRate: 2e-3 },
    loss: { kind: "sparseCategoricalCrossentropy", fromLogits: true },
  });
  const { x, y } = sequences(SAMPLES, 1);
  const started = Date.now();
  await net.fit(sl.tensor(x, [SAMPLES, TIME], "int32"), sl.tensor(y, [SAMPLES, TIME], "int32"), {
    epochs: EPOCHS,
    batchSize: BATCH,
    verbose: 0,
  });
  const seconds = (Date.now() - started) / 1000;
  const unseen = sequences(1000, 2);
  const guessed = await net
    .predict(sl.tensor(unseen.x, [1000, TIME], "int32"))
    .argMax(-1)
    .data();
  const isExact = (row: number): boolean =>
    Array.from({ length: TIME }, (_, t) => row * TIME + t).every((i) => guessed[i] === unseen.y[i]);
  const exact = Array.from({ length: 1000 }, (_, row) => row).filter(isExact).length / 1000;
  const steps = (EPOCHS * SAMPLES) / BATCH;
  console.info(`${100 * exact} % reversed exactly after ${steps} steps in ${seconds} s`);
  expect(exact).toBeGreaterThan(0.95);
});
