import { ArgumentError } from "../errors.ts";
import { Loss } from "../losses/loss.ts";
import { type LossSpec, type ResolvedLoss, resolveLoss, ruleOf } from "../losses/resolve.ts";
import { Metric } from "../metrics/metric.ts";
import { type MetricSpec, type ResolvedMetric, resolveMetric } from "../metrics/resolve.ts";
import { type ConfigKeys, checkKeys } from "../names/check-keys.ts";
import { describeValue } from "../names/describe.ts";
import { autoScaled } from "../optimizers/loss-scale-optimizer.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import { type OptimizerSpec, resolveOptimizer } from "../optimizers/resolve.ts";

/** One metric, or a list; for several outputs a list for each, or an object by output name. */
type MetricSpecs =
  | MetricSpec
  | readonly (MetricSpec | readonly MetricSpec[])[]
  | Readonly<Record<string, MetricSpec | readonly MetricSpec[]>>;

/** What `compile` takes. Models with several outputs take lists, in their order, or objects, by output name. */
export interface CompileConfig {
  /** Name, config or optimizer. Default `"rmsprop"`, as in Keras. */
  readonly optimizer?: OptimizerSpec;
  /** Name, config or function; one for all outputs, or one for each. */
  readonly loss: LossSpec | readonly LossSpec[] | Readonly<Record<string, LossSpec>>;
  /**
   * Names or functions; for several outputs a list for each, or an object. Default none. Those of the library take
   * from the loss of their output whether it is logits, and with it their threshold, where they are not told.
   */
  readonly metrics?: MetricSpecs;
  /** Likewise; these see sample and class weights, where `metrics` see masks alone. Default none. */
  readonly weightedMetrics?: MetricSpecs;
  /** Factor of each output's loss. Default 1. */
  readonly lossWeights?: readonly number[] | Readonly<Record<string, number>>;
  /**
   * Whether the optimizer becomes a `train.lossScaleOptimizer` where a layer computes in float16, so that small gradients
   * do not vanish. Default true; an optimizer that scales losses already stays as it is.
   */
  readonly autoScaleLoss?: boolean;
}

const keys: ConfigKeys<CompileConfig> = {
  optimizer: "any",
  loss: "any",
  metrics: "any",
  lossWeights: "any",
  weightedMetrics: "any",
  runEagerly: "notYet",
  stepsPerExecution: "any", // how steps reach the GPU is not the caller's concern here
  jitCompile: "any",
  autoScaleLoss: "boolean",
};

/** How one output is judged. */
export interface OutputConfig {
  /** Name of the output; prefix of its figures when there are several outputs. */
  readonly name: string;
  readonly loss: ResolvedLoss;
  readonly lossWeight: number;
  readonly metrics: readonly ResolvedMetric[];
  readonly weightedMetrics: readonly ResolvedMetric[];
}

/** `compile`'s arguments, resolved. */
export interface CompiledConfig {
  readonly optimizer: Optimizer;
  /** Whether the optimizer was made here and ends with the model. */
  readonly ownsOptimizer: boolean;
  readonly outputs: readonly OutputConfig[];
  readonly autoScaleLoss: boolean;
}

/** What `compile` has to know of a model. */
interface CompiledFor {
  readonly outputNames: readonly string[];
  /** Whether one of its layers computes in float16. */
  computesInHalf(): boolean;
}

/**
 * Resolves all names before any work.
 * @throws {ArgumentError} for unknown names, and where lists do not fit the model's outputs.
 */
export function resolveCompileConfig(
  label: string,
  config: CompileConfig,
  model: CompiledFor,
): CompiledConfig {
  const { outputNames } = model;
  checkKeys(`${label}.compile`, config, keys);
  const { loss } = config;
  const lossWeights = config.lossWeights ?? {};
  if (loss === undefined || loss === null) {
    throw new ArgumentError(
      `${label}.compile: received no loss. Expected a name such as "meanSquaredError", or a function.`,
    );
  }
  const count = outputNames.length;
  const losses = perOutput<LossSpec>(`${label}.compile loss`, lossesByOutput(loss), outputNames);
  const factors = perOutput<number>(`${label}.compile lossWeights`, lossWeights, outputNames);
  const metricsOf = (key: "metrics" | "weightedMetrics") =>
    metricsByOutput(`${label}.compile ${key}`, config[key] ?? [], outputNames);
  const [metrics, weightedMetrics] = [metricsOf("metrics"), metricsOf("weightedMetrics")];
  const outputs = outputNames.map((name, i) => {
    const spec = losses[i];
    if (spec === undefined) {
      throw new ArgumentError(
        `${label}.compile: output "${name}" has no loss. Expected one for each of ${count} outputs.`,
      );
    }
    const loss = resolveLoss(spec);
    const rule = ruleOf(loss);
    const beside = rule === null ? null : { loss: rule, output: name };
    const judges = (specs: readonly MetricSpec[] = [], isWeighted: boolean) =>
      specs.map((one) => resolveMetric(one, { isWeighted, beside }));
    return {
      name,
      loss,
      lossWeight: factors[i] ?? 1,
      metrics: judges(metrics[i], false),
      weightedMetrics: judges(weightedMetrics[i], true),
    };
  });
  const optimizer = config.optimizer ?? "rmsprop";
  const resolved = resolveOptimizer(optimizer);
  const autoScaleLoss = config.autoScaleLoss ?? true;
  return {
    optimizer: autoScaled(resolved, { autoScaleLoss, isHalf: model.computesInHalf() }),
    ownsOptimizer: resolved !== optimizer,
    outputs,
    autoScaleLoss,
  };

  function lossesByOutput(
    spec: CompileConfig["loss"],
  ): readonly LossSpec[] | Readonly<Record<string, LossSpec>> {
    if (Array.isArray(spec)) return spec;
    const isOne = typeof spec !== "object" || spec instanceof Loss || isConfig(spec);
    if (isOne) return outputNames.map(() => spec as LossSpec);
    return spec as Readonly<Record<string, LossSpec>>;
  }
}

/** A config is told from an object by output name by its `kind`, or by a `className` beside its `config`. */
function isConfig(spec: object): boolean {
  if ("kind" in spec && typeof spec.kind === "string") return true;
  return "className" in spec && typeof spec.className === "string" && "config" in spec;
}

function isOneMetric(spec: MetricSpecs): spec is MetricSpec {
  if (typeof spec !== "object") return typeof spec === "string" || typeof spec === "function";
  return spec !== null && (spec instanceof Metric || isConfig(spec));
}

function metricsByOutput(
  label: string,
  metrics: MetricSpecs,
  outputNames: readonly string[],
): readonly (readonly MetricSpec[] | undefined)[] {
  const asList = (one: MetricSpec | readonly MetricSpec[]): readonly MetricSpec[] =>
    isOneMetric(one) ? [one] : one;
  if (isOneMetric(metrics)) return outputNames.map(() => [metrics]);
  if (!Array.isArray(metrics)) {
    if (typeof metrics !== "object") {
      throw new ArgumentError(
        `${label}: received ${describeValue(metrics)}. Expected a list of names or functions: ["mae"].`,
      );
    }
    const byName = metrics as Readonly<Record<string, MetricSpec | readonly MetricSpec[]>>;
    const lists = Object.entries(byName).map(([name, one]) => [name, asList(one)] as const);
    return perOutput<readonly MetricSpec[]>(label, Object.fromEntries(lists), outputNames);
  }
  const list = metrics as readonly (MetricSpec | readonly MetricSpec[])[];
  const isNested = list.some((one) => Array.isArray(one));
  if (!isNested) return outputNames.map(() => list as readonly MetricSpec[]);
  return perOutput(label, list.map(asList), outputNames);
}

/** Items in the order of the outputs, from a list in that order or from an object by name. */
function perOutput<T>(
  label: string,
  items: readonly T[] | Readonly<Record<string, T>>,
  outputNames: readonly string[],
): readonly (T | undefined)[] {
  const names = outputNames.join(", ");
  if (Array.isArray(items)) {
    if (items.length === outputNames.length) return items;
    throw new ArgumentError(
      `${label}: received a list of ${items.length}. Expected ${outputNames.length}, for the outputs ${names}.`,
    );
  }
  const byName = items as Readonly<Record<string, T>>;
  const stranger = Object.keys(byName).find((name) => !outputNames.includes(name));
  if (stranger !== undefined) {
    throw new ArgumentError(
      `${label}: the model has no output "${stranger}". Expected names of ${names}.`,
    );
  }
  return outputNames.map((name) => byName[name]);
}
