import { expect, test } from "vitest";
import { layers } from "../../src/layers/index.ts";
import type { OptimizerSpec } from "../../src/optimizers/resolve.ts";
import { counters, setSeed, tensor } from "../../src/tensor/index.ts";
import { sequential } from "../../src/train/index.ts";
import { wave } from "../helpers/golden.ts";
import { kept } from "./support.ts";

const shared = {
  weightDecay: 0.001,
  useEma: true,
  emaMomentum: 0.5,
  emaOverwriteFrequency: 5,
  gradientAccumulationSteps: 2,
  clipnorm: 1,
} as const;

test.each<[string, OptimizerSpec]>([
  ["adam", { kind: "adam", learningRate: 0.05, amsgrad: true, ...shared }],
  ["adafactor", { kind: "adafactor", learningRate: 0.05, ...shared }],
])(
  "fit with all options of %s: one submit a step, nothing new when warm",
  async (_name, optimizer) => {
    setSeed(5);
    const model = kept(
      sequential({
        layers: [
          layers.lstm({
            units: 6,
            inputShape: [5, 2],
            kernelConstraint: "maxNorm",
            recurrentConstraint: (w) => w.clipByValue(-1, 1),
          }),
          layers.dense({ units: 1, kernelConstraint: "nonNeg" }),
        ],
      }),
    );
    model.compile({ optimizer, loss: "meanSquaredError" });
    const x = tensor(wave([16, 5, 2], 0.2), [16, 5, 2]);
    const y = tensor(wave([16, 1], 0.7, 0.3), [16, 1]).add(2);
    const seen: ReturnType<typeof counters>[] = [];
    const callbacks = { onEpochBegin: () => void seen.push(counters()) };
    const options = { batchSize: 4, epochs: 12, seed: 3, yieldEvery: "never", verbose: 0 } as const;
    const { history } = await model.fit(x, y, { ...options, callbacks });
    const [before, after] = [seen[10], seen[11]];
    if (before === undefined || after === undefined) throw new Error("no counters");
    // Four steps, one reset of the figures and one reading of them.
    expect(after.submits - before.submits).toBe(6);
    expect(after.buffersCreated - before.buffersCreated).toBe(0);
    expect(after.bindGroupsCreated - before.bindGroupsCreated).toBe(0);
    expect(after.pipelinesCreated - before.pipelinesCreated).toBe(0);
    expect(after.plansCreated - before.plansCreated).toBe(0);
    expect(model.optimizer.iterations).toBe(24);
    const losses = history.loss ?? [];
    expect(losses.at(-1)).toBeLessThan(0.5 * (losses[0] ?? 0));
    const kernel = await model.getLayer(1).weights[0]?.data();
    expect(Array.from(kernel ?? [-1]).every((w) => w >= 0)).toBe(true);
  },
);
