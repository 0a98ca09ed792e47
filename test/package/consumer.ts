// What a consumer of the package writes: it has to compile against the declarations, and nothing else.
import * as sl from "sluice";

const x: sl.Tensor = sl
  .tensor([[1, 2]])
  .add(1)
  .square()
  .matMul(sl.ones([2, 3]))
  .relu();
const total: sl.Tensor = x.sum().mul(2);
const numbers: Promise<sl.TypedArray> = total.data();

const model = sl.sequential();
model.add(sl.layers.lstm({ units: 8, inputShape: [10, 1], returnSequences: true }));
model.add(sl.layers.dense({ units: 1, activation: "sigmoid" }));
model.compile({ optimizer: "adam", loss: "meanSquaredError", metrics: ["mae"] });

export async function train(): Promise<number[]> {
  const y = sl.zeros([4, 10, 1]);
  const { history } = await model.fit(sl.ones([4, 10, 1]), y, { epochs: 2, batchSize: 2 });
  const forecast: sl.Tensor = model.predict(sl.ones([4, 10, 1]));
  await forecast.array();
  await numbers;
  return history.loss as number[];
}

const w = sl.variable([1, 2], true, "w");
const { value, grads } = sl.variableGrads(() => w.square().sum());
export const gradient: sl.Tensor | undefined = grads.w;
export const cost: sl.Tensor = value;

const optimizer = sl.train.adam(1e-3);
export const step = sl.compile((a: sl.Tensor, b: sl.Tensor) =>
  optimizer.minimize(() => sl.losses.meanSquaredError(b, a.mul(w)), true),
);

const rows = sl.data.csv("load.csv", { columnConfigs: { load: { isLabel: true } } });
const pairs: sl.data.Dataset<{ xs: sl.Tensor; ys: sl.Tensor }> = rows
  .map(({ xs, ys }) => ({ xs: Object.values(xs), ys: Object.values(ys) }))
  .shuffle(100)
  .batch(32)
  .prefetch(2);
export const first = pairs.take(1).toArray();
export const zipped: sl.data.Dataset<{ xs: [number, number[]]; ys: number }> = sl.data.zip({
  xs: [sl.data.array([1, 2]), sl.data.array([[1], [2]])],
  ys: sl.data.array([0, 1]),
});
const norm = sl.data.normalizer().fit([[1, 2]]);
export const normalized: [number[][], Float32Array, sl.Tensor] = [
  norm.transform([[1, 2]]),
  norm.column(0).transform(new Float32Array(3)),
  norm.transform(sl.ones([1, 2])),
];
export const trained: sl.Tensor = sl.data.split(sl.data.windows(new Float32Array(9), { size: 2 }), {
  test: 2,
}).train.xs;

const input = sl.input({ shape: [10] });
const output = sl.layers.dense({ units: 2 }).apply(input);
export const functional = sl.model({ inputs: input, outputs: output });

// @ts-expect-error: a layer needs its units.
sl.layers.lstm({ inputShape: [10, 1] });
// @ts-expect-error: no such activation.
sl.layers.dense({ units: 1, activation: "rely" });
// @ts-expect-error: without a label there is no xs.
sl.data.csv("load.csv").map(({ xs }: { xs: sl.data.CsvRow; ys: sl.data.CsvRow }) => xs);
// @ts-expect-error: windows need their size.
sl.data.windows([1, 2, 3], { horizon: 1 });

// Names are known one by one, which is what editors complete them by: nothing widens them to any text.
type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Texts<T> = Extract<T, string>;
type IsListed<Name extends string, T> =
  Name extends Texts<T> ? (string extends Texts<T> ? false : true) : false;
type Compile = Parameters<typeof model.compile>[0];
type Dense = Parameters<typeof sl.layers.dense>[0];
type Stopping = sl.callbacks.EarlyStoppingConfig;
export const listed: true[] = [
  true satisfies IsListed<"meanSquaredError" | "mean_squared_error" | "mse", Compile["loss"]>,
  true satisfies IsListed<"adam" | "sgd", Compile["optimizer"]>,
  true satisfies IsListed<"accuracy" | "mae", Compile["metrics"]>,
  true satisfies IsListed<"relu" | "tanh", Dense["activation"]>,
  true satisfies IsListed<"glorotUniform" | "orthogonal", Dense["kernelInitializer"]>,
  true satisfies IsListed<"auto" | "min" | "max", Stopping["mode"]>,
  true satisfies Equal<Texts<Stopping["mode"]>, "auto" | "min" | "max">,
  true satisfies Equal<Texts<sl.callbacks.ModelCheckpointConfig["saveFreq"]>, "epoch">,
  true satisfies Equal<sl.DType, "float32" | "float16" | "int32" | "bool">,
];
// @ts-expect-error: a letter is missing.
model.compile({ optimizer: "adam", loss: "meanSquaredEror" });
// @ts-expect-error: letters are swapped.
model.compile({ optimizer: "adma", loss: "mse" });
// @ts-expect-error: a letter is missing.
model.compile({ loss: "mse", metrics: ["acuracy"] });
// @ts-expect-error: a loss is needed.
model.compile({ optimizer: "adam" });
// @ts-expect-error: no such initializer.
sl.layers.dense({ units: 1, kernelInitializer: "glorot" });
// @ts-expect-error: no such option.
sl.train.adam({ learningRat: 1 });
// @ts-expect-error: it is called epochs.
export const misspelt = model.fit(x, x, { epoch: 3 });

// Callbacks: objects, classes, and those of the library.
class StopBelow extends sl.callbacks.Callback {
  override async onEpochEnd(epoch: number, logs: sl.EpochLogs): Promise<void> {
    logs.seen = epoch;
    if (Number(logs.loss) < 0.1 && this.params.doValidation) this.model.stopTraining = true;
  }
}
const stopping = sl.callbacks.earlyStopping({ patience: 3, restoreBestWeights: true });
const hooks: sl.CallbackHooks = { onEpochEnd: (epoch, logs) => console.log(epoch, logs.loss) };
export async function watched(): Promise<string> {
  const callbacks = [
    stopping,
    new StopBelow(),
    hooks,
    { onTrainBegin: async () => {} },
    sl.callbacks.modelCheckpoint({ filepath: "m-{epoch}.safetensors", saveFreq: 100 }),
    sl.callbacks.reduceLROnPlateau({ factor: 0.5 }),
    sl.callbacks.learningRateScheduler((epoch, rate) => rate * 0.9 ** epoch),
    sl.callbacks.csvLogger((line) => console.log(line.length)),
    sl.callbacks.jsonlLogger("log.jsonl", { append: true }),
    sl.callbacks.terminateOnNaN(),
    sl.callbacks.lambda({ onBatchEnd: (batch) => console.log(batch.toFixed()) }),
  ];
  const history: sl.History = await model.fit(x, x, { callbacks });
  await model.fit(x, x, { callbacks: hooks });
  const best: number = stopping.best + stopping.bestEpoch;
  return history.toCSV() + history.toSVG({ title: String(best), logScale: ["loss"] });
}
// @ts-expect-error: a number is expected.
sl.callbacks.earlyStopping({ patience: "3" });
// @ts-expect-error: "max" is expected.
sl.callbacks.earlyStopping({ mode: "maximum" });
// @ts-expect-error: it is called restoreBestWeights.
sl.callbacks.earlyStopping({ restoreBest: true });
// @ts-expect-error: a hook is a function.
export const noHook = model.fit(x, x, { callbacks: [{ onEpochEnd: 5 }] });
// @ts-expect-error: there is no such hook.
export const wrongHook: sl.CallbackHooks = { onEpochsEnd: () => {} };
// @ts-expect-error: an epoch's schedule gives a number.
sl.callbacks.learningRateScheduler(() => "0.1");

// Annotations of programs written for TF.js.
export const product: sl.Tensor2D = sl.tensor2d([[1, 2]]).matMul(sl.ones([2, 2]));
export const sum: sl.Scalar = product.sum();
