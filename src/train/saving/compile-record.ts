import { ArgumentError } from "../../errors.ts";
import { type LossSpec, serializeLoss } from "../../losses/resolve.ts";
import { type MetricSpec, serializeMetric } from "../../metrics/resolve.ts";
import type { Serialized } from "../../names/class-registry.ts";
import type { Optimizer } from "../../optimizers/optimizer.ts";
import type { CompileConfig, CompiledConfig } from "../compile-config.ts";

/** Losses and metrics as plain data that `compile` takes. */
export type JudgeRecord = Omit<CompileConfig, "optimizer">;

/** The optimizer as plain data; null, with a warning, where a part of it is a function. */
export function describeOptimizer(label: string, optimizer: Optimizer): Serialized | null {
  return orWarn(label, () => ({
    className: optimizer.getClassName(),
    config: optimizer.getConfig(),
  }));
}

/** Losses and metrics as plain data; null, with a warning, where one of them is a function. */
export function describeJudge(
  label: string,
  { outputs, autoScaleLoss }: CompiledConfig,
): JudgeRecord | null {
  return orWarn(label, () => ({
    loss: outputs.map(({ loss }) => serializeLoss(loss) as LossSpec),
    metrics: outputs.map(({ metrics }) => metrics.map((one) => serializeMetric(one) as MetricSpec)),
    weightedMetrics: outputs.map((output) =>
      output.weightedMetrics.map((one) => serializeMetric(one) as MetricSpec),
    ),
    lossWeights: outputs.map(({ lossWeight }) => lossWeight),
    ...(autoScaleLoss ? {} : { autoScaleLoss }),
  }));
}

/** What cannot be written down must not keep hours of training from being saved. */
function orWarn<T>(label: string, describe: () => T): T | null {
  try {
    return describe();
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error;
    console.warn(
      `${label}: ${error.message} It is left out of the file: after loading, call compile() with it.`,
    );
    return null;
  }
}
