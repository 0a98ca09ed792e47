import { ArgumentError } from "../errors.ts";
import { HostScalar } from "../graph/host-scalar.ts";
import type { Value } from "../graph/node.ts";
import { collectLosses } from "../layers/call-context.ts";
import type { AnyLayer } from "../layers/layer.ts";
import { maskOf } from "../layers/masks.ts";
import { asList } from "../layers/symbolic.ts";
import { batchCosts } from "../losses/batch-costs.ts";
import { meanOverBatch, multiplyWeights } from "../losses/reduction.ts";
import { type MetricRule, meanResult, meanTotals } from "../metrics/metric-rule.ts";
import { ops } from "../ops/index.ts";
import type { Tensor } from "../tensor/index.ts";
import type { CompiledConfig, OutputConfig } from "./compile-config.ts";
import type { TallyEntry } from "./tally.ts";

/** One batch: rows of the model's inputs, of the labels of its outputs, and weights of the samples. */
export interface Batch {
  readonly inputs: readonly Tensor[];
  readonly labels: readonly Tensor[];
  /** [B] or [B, T] each. */
  readonly weights: readonly Tensor[];
  /** For each output, which of `weights` are those of its samples; null: all count 1. */
  readonly weighedBy: readonly (number | null)[];
}

/** What one batch cost. */
export interface BatchResult {
  /** What training makes small: losses of all outputs, penalties included; scalar. */
  readonly loss: Value;
  /** Parts of the figures, in the order of `tallyEntries`. */
  readonly totals: readonly Value[];
}

/** The figures that a model reports, in Keras's order and under Keras's names. */
export function tallyEntries({ outputs }: CompiledConfig): TallyEntry[] {
  const isSingle = outputs.length === 1;
  const mean = (name: string): TallyEntry => ({ name, size: 2, result: meanResult });
  const losses = isSingle ? [] : outputs.map(({ name }) => mean(`${name}_loss`));
  const metrics = outputs.flatMap(({ name: output, metrics, weightedMetrics }) =>
    [...metrics, ...weightedMetrics].map(({ name, size, combine, result }, i) => ({
      name: isSingle ? name : `${output}_${name}`,
      size,
      combine,
      result,
      isWeighted: i >= metrics.length,
    })),
  );
  return withUniqueNames([mean("loss"), ...losses, ...metrics]);
}

/** Applies the model to a batch and judges what comes out. Recorded, not run. */
export function evaluateBatch(
  model: AnyLayer,
  config: CompiledConfig,
  { batch, training }: { batch: Batch; training: boolean },
): BatchResult {
  const [first] = batch.inputs;
  const inputs = batch.inputs.length === 1 && first !== undefined ? first : batch.inputs;
  const { result, losses: added } = collectLosses(() => model.apply(inputs, { training }));
  const predictions = asList(result as Tensor | Tensor[]);
  const judged = config.outputs.map((output, i) => {
    const [labels, prediction] = [batch.labels[i], predictions[i]];
    if (labels === undefined || prediction === undefined) {
      throw new RangeError(`${model.name} gives no output ${i}`);
    }
    const by = batch.weighedBy[i] ?? null;
    const weights = by === null ? null : (batch.weights[by] ?? null);
    return judgeOutput(output, { labels, prediction, weights });
  });
  const penalties = [...added, ...model.losses].map((penalty) => penalty.value);
  const loss = [...judged.map((one) => one.weightedLoss), ...penalties].reduce(ops.add);
  const rows = ops.scalar(HostScalar.of(first?.shape[0] ?? 1));
  const mean = (value: Value): Value => meanTotals({ sum: ops.mul(value, rows), weight: rows });
  const perOutput = judged.length === 1 ? [] : judged.map((one) => mean(one.loss));
  return { loss, totals: [mean(loss), ...perOutput, ...judged.flatMap((one) => one.metrics)] };
}

interface Judged {
  readonly labels: Tensor;
  readonly prediction: Tensor;
  readonly weights: Tensor | null;
}

function judgeOutput(
  output: OutputConfig,
  { labels, prediction, weights }: Judged,
): { loss: Value; weightedLoss: Value; metrics: Value[] } {
  const visible = maskOf(prediction)?.value ?? null;
  const both = { labels: labels.value, predictions: prediction.value };
  const { costs, mask } = batchCosts(output.loss, { ...both, mask: visible });
  if (costs.shape.length === 0 && weights !== null) throw cannotWeigh(output.name);
  const loss =
    costs.shape.length === 0 ? costs : meanOverBatch(costs, weights?.value ?? null, mask);
  const weightedLoss =
    output.lossWeight === 1 ? loss : ops.mul(loss, ops.scalar(HostScalar.of(output.lossWeight)));
  const totals = (rules: readonly MetricRule[], counts: Value | null): Value[] =>
    rules.map((rule) => rule.totals(both.labels, both.predictions, counts));
  const shown = visible === null ? null : ops.cast(visible, "float32");
  const weighted = metricWeights(shown, weights?.value ?? null);
  const metrics = [...totals(output.metrics, shown), ...totals(output.weightedMetrics, weighted)];
  return { loss, weightedLoss, metrics };
}

/** Mask times sample weights; unlike a loss's mask it is not scaled, for the mean divides by the sum of weights. */
function metricWeights(mask: Value | null, weights: Value | null): Value | null {
  if (mask === null || weights === null) return mask ?? weights;
  return multiplyWeights(mask, weights, "sampleWeight");
}

/** Figures of one name would hide each other: the later ones become `weighted_mae`, `mae_1`, … */
function withUniqueNames(
  entries: readonly (TallyEntry & { isWeighted?: boolean })[],
): TallyEntry[] {
  const taken = new Set<string>();
  return entries.map(({ isWeighted, ...entry }) => {
    let { name } = entry;
    if (taken.has(name) && isWeighted === true) name = `weighted_${name}`;
    const first = name;
    for (let i = 1; taken.has(name); i++) name = `${first}_${i}`;
    taken.add(name);
    return { ...entry, name };
  });
}

function cannotWeigh(output: string): ArgumentError {
  return new ArgumentError(
    `The loss of output "${output}" gives one number for the whole batch, so sample and class weights have nothing ` +
      "to work on. Expected a loss function that gives a cost for each sample.",
  );
}
