import { createHash } from "node:crypto";
import * as sl from "sluice";

/**
 * Trains a model with everything that has a state, backed up at every third update, and prints "update hash" after each
 * update, the hash being that of all weights; at its end "done" and the record. It goes on where it was killed.
 */
const [target = ""] = process.argv.slice(2);
await sl.init({ seed: 4 });

const series = Float32Array.from(
  { length: 400 },
  (_, t) => Math.sin(t / 7) + 0.3 * Math.cos(t * t),
);
const { xs, ys } = sl.data.windows(series, { size: 12 });
const net = sl.sequential({
  layers: [
    sl.layers.lstm({ units: 6, inputShape: [12, 1], dropout: 0.1, recurrentDropout: 0.1 }),
    sl.layers.dropout({ rate: 0.2, seed: 8 }),
    sl.layers.dense({ units: 1, kernelConstraint: "maxNorm" }),
  ],
});
net.compile({
  optimizer: sl.train.adamw({
    learningRate: sl.train.cosineDecay({ initialLearningRate: 0.02, decaySteps: 180 }),
    globalClipnorm: 1,
    gradientAccumulationSteps: 2,
    useEma: true,
  }),
  loss: "huber",
  metrics: ["mae", "r2Score"],
});

const hashOf = async (): Promise<string> => {
  const hash = createHash("sha256");
  for (const weight of net.weights) hash.update(await weight.data());
  return hash.digest("hex").slice(0, 16);
};
let epochNow = 0;
const history = await net.fit(xs, ys, {
  epochs: 9,
  batchSize: 16,
  validationSplit: 0.15,
  verbose: 0,
  callbacks: [
    sl.callbacks.backupAndRestore({ target, saveFreq: 3 }),
    sl.callbacks.earlyStopping({ monitor: "val_loss", patience: 20, restoreBestWeights: true }),
    {
      onEpochBegin: (epoch) => {
        epochNow = epoch;
      },
      onBatchEnd: async (batch) => console.log(`${epochNow}:${batch} ${await hashOf()}`),
    },
  ],
});
console.log(`done ${await hashOf()} ${JSON.stringify(history.history)}`);
