import { ArgumentError } from "../errors.ts";
import { HostScalar } from "../graph/host-scalar.ts";
import type { Value } from "../graph/node.ts";
import { collectLosses } from "../layers/call-context.ts";
import type { AnyLayer } from "../layers/layer.ts";
import { maskOf } from "../layers/masks.ts";
import { asList } from "../layers/symbolic.ts";
import { sampleCosts } from "../losses/loss-rule.ts";
import { meanOverBatch } from "../losses/reduction.ts";
import type { Loss } from "../losses/resolve.ts";
import { meanResult, meanTotals } from "../metrics/metric-rule.ts";
import { describeValue } from "../names/describe.ts";
import { ops } from "../ops/index.ts";
import { Tensor } from "../tensor/index.ts";
import type { CompiledConfig, OutputConfig } from "./compile-config.ts";
import type { TallyEntry } from "./tally.ts";

/** One batch: rows of the model's inputs, of the labels of its outputs, and weights of the samples. */
export interface Batch {
  readonly inputs: readonly Tensor[];
  readonly labels: readonly Tensor[];
  /** [B] or [B, T] */
  readonly weights: Tensor | null;
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
  const metrics = outputs.flatMap((output) =>
    output.metrics.map((rule) =>
      isSingle ? rule : { ...rule, name: `${output.name}_${rule.name}` },
    ),
  );
  return [mean("loss"), ...losses, ...metrics];
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
    return judgeOutput(output, { labels, prediction, weights: batch.weights });
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
  const mask = maskOf(prediction)?.value ?? null;
  const costs = costsOf(output.loss, labels, prediction);
  if (costs.shape.length === 0 && weights !== null) throw cannotWeigh(output.name);
  const loss =
    costs.shape.length === 0
      ? costs
      : meanOverBatch(costs, weights?.value ?? null, fittingMask(mask, costs));
  const weightedLoss =
    output.lossWeight === 1 ? loss : ops.mul(loss, ops.scalar(HostScalar.of(output.lossWeight)));
  const visible = mask === null ? null : ops.cast(mask, "float32");
  const metrics = output.metrics.map((metric) =>
    metric.totals(labels.value, prediction.value, visible),
  );
  return { loss, weightedLoss, metrics };
}

function costsOf(loss: Loss, labels: Tensor, prediction: Tensor): Value {
  if (typeof loss !== "function") return sampleCosts(loss, labels.value, prediction.value);
  const costs: unknown = loss(Tensor.of(labels.value), Tensor.of(prediction.value));
  if (costs instanceof Tensor) return ops.cast(costs.value, "float32");
  throw new ArgumentError(
    `The loss function gave ${describeValue(costs)}. Expected a tensor made of the labels and the predictions: ` +
      "(labels, predictions) => labels.sub(predictions).square().mean(-1).",
  );
}

function cannotWeigh(output: string): ArgumentError {
  return new ArgumentError(
    `The loss of output "${output}" gives one number for the whole batch, so sample and class weights have nothing ` +
      "to work on. Expected a loss function that gives a cost for each sample.",
  );
}

/** The mask where it speaks of the axes that these costs have; a loss of one's own may have reduced them. */
function fittingMask(mask: Value | null, costs: Value): Value | null {
  if (mask === null || mask.shape.length > costs.shape.length) return null;
  return mask.shape.every((dim, axis) => dim === costs.shape[axis]) ? mask : null;
}
