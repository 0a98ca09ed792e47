/**
 * Loss and gradients of a model under the policies float32 and mixed_float16: bytes between the kernels of a step, and
 * milliseconds of a warm one, in turns.
 *
 *     node tools/run.mjs bench/mixed-precision.ts [name]
 */
import * as sl from "sluice";

const ROUNDS = 7;
const [BATCH, TIME, WIDTH, CLASSES] = [16, 128, 128, 64];

const MODELS: Readonly<Record<string, () => sl.AnyLayer[]>> = {
  dense: () => [0, 1, 2, 3].map(() => sl.layers.dense({ units: 512, activation: "gelu" })),
  lstm: () => [0, 1].map(() => sl.layers.lstm({ units: WIDTH, returnSequences: true })),
  gru: () => [0, 1].map(() => sl.layers.gru({ units: WIDTH, returnSequences: true })),
  transformer: () =>
    [0, 1].map(() =>
      sl.layers.transformerEncoder({
        numHeads: 4,
        intermediateDim: 4 * WIDTH,
        normalizeFirst: true,
        activation: "gelu",
      }),
    ),
};

/** Loss and gradients of one policy, as a compiled step and as its bytes. */
async function stepOf(name: string, policy: sl.DTypePolicy) {
  sl.setDTypePolicy(policy);
  const layers = MODELS[name]?.() ?? [];
  const head = sl.layers.dense({ units: CLASSES, dtype: "float32" });
  sl.setDTypePolicy("float32");
  const x = sl.randomNormal([BATCH, TIME, WIDTH], 0, 1, "float32", 1);
  const labels = sl.randomUniform([BATCH * TIME], 0, CLASSES, "int32", 2);
  await Promise.all([x.buffer(), labels.buffer()]);
  const loss = (): sl.Tensor => {
    const hidden = layers.reduce((y, layer) => layer.apply(y) as sl.Tensor, x);
    const logits = head.apply(hidden).reshape([BATCH * TIME, CLASSES]);
    return sl.metrics.sparseCategoricalCrossentropy(labels, logits.softmax()).mean();
  };
  loss().dispose(); // makes the weights
  const record = (): sl.Tensor[] => {
    const { value, grads } = sl.variableGrads(loss);
    return [value, ...Object.values(grads)];
  };
  const tensors = record();
  const { scratch } = await sl.explain(tensors);
  for (const tensor of tensors) tensor.dispose();
  const run = sl.compile(record);
  const timed = async (): Promise<number> => {
    const start = performance.now();
    const results = run();
    await sl.idle();
    const elapsed = performance.now() - start;
    for (const result of results) result.dispose();
    return elapsed;
  };
  await timed();
  return { timed, bytes: scratch.reduce((a, b) => a + b, 0), dispose: () => run.dispose() };
}

await sl.init({ seed: 1 });
console.log(`adapter: ${sl.adapterName()}`);
console.log("model         bytes float32   mixed   ratio   ms float32   mixed   ratio");
for (const name of Object.keys(MODELS)) {
  if (process.argv[2] !== undefined && process.argv[2] !== name) continue;
  const [wide, mixed] = [await stepOf(name, "float32"), await stepOf(name, "mixed_float16")];
  const best = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY] as [number, number];
  for (let round = 0; round < ROUNDS; round++) {
    best[0] = Math.min(best[0], await wide.timed());
    best[1] = Math.min(best[1], await mixed.timed());
  }
  wide.dispose();
  mixed.dispose();
  const bytes = [wide.bytes, mixed.bytes, (mixed.bytes / wide.bytes).toFixed(2)];
  const times = [best[0].toFixed(1), best[1].toFixed(1), (best[1] / best[0]).toFixed(2)];
  console.log(
    [name.padEnd(12), ...bytes, ...times].map((cell) => String(cell).padStart(9)).join(" "),
  );
}
