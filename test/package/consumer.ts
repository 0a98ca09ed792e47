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
