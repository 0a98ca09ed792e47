import type { Value } from "../graph/node.ts";
import { type Shape, sizeOf } from "../graph/shape.ts";
import { ops } from "../ops/index.ts";
import { checkSetting } from "./check-setting.ts";
import { Optimizer } from "./optimizer.ts";
import { checkSettings, type OptimizerConfig } from "./optimizer-config.ts";
import type { LearningRate } from "./resolve-schedule.ts";
import type { UpdatedWeight, UpdateRule, WeightUpdate } from "./update-rule.ts";
import { withDefaults } from "./with-defaults.ts";

/** Settings of `adafactor`. */
export interface AdafactorConfig extends OptimizerConfig {
  /** Power of the update's number by which the means forget: beta2 is 1 - t^beta2Decay. Default -0.8. */
  readonly beta2Decay?: number;
  /** Added to the squared gradients. Default 1e-30. */
  readonly epsilon1?: number;
  /** Least size of a weight that steps are measured by. Default 1e-3. */
  readonly epsilon2?: number;
  /** Greatest root mean square of a step, before the rate. Default 1. */
  readonly clipThreshold?: number;
  /** Whether the rate is at most 1 / √t. Default true. */
  readonly relativeStep?: boolean;
}

/**
 * Adam's division by mean squares, which are kept as means of rows and columns: [M, N] weights need M + N numbers
 * instead of M·N. Steps are measured by the size of the weights.
 *
 *     beta2 = 1 - t^beta2Decay,   G = g² + epsilon1
 *     r = beta2·r + (1 - beta2)·mean(G, -1),   c = beta2·c + (1 - beta2)·mean(G, -2)
 *     v = r / mean(r, -1) · c                                   below two axes: v = beta2·v + (1 - beta2)·G
 *     u = g / √v,   u /= max(1, rms(u) / clipThreshold)
 *     p -= max(epsilon2, rms(p)) · rho · u                      rho = min(rate, 1 / √t) if relativeStep, else rate
 *
 * Gradients beyond ±1e15 count as that: the sum of squares of more may be no float32.
 *
 * Counterpart of `keras.optimizers.Adafactor`, with its equations and defaults; Keras 3 bounds rho by 1 / √t even
 * without `relativeStep`. Shazeer & Stern 2018, arXiv:1804.04235.
 *
 * @example
 * const optimizer = sl.train.adafactor({ learningRate: 0.01 });
 *
 * @param learningRate Size of a step relative to the weights, a schedule, or all settings. Default 0.001.
 * @throws {ArgumentError} when a setting is out of bounds.
 */
export function adafactor(learningRate: LearningRate | AdafactorConfig = {}): Optimizer {
  const keys = {
    beta2Decay: "number",
    epsilon1: "number",
    epsilon2: "number",
    clipThreshold: "number",
    relativeStep: "boolean",
  } as const;
  const config = checkSettings<AdafactorConfig>("train.adafactor", learningRate, keys);
  const rule = adafactorRule(withDefaults(defaults, config));
  return new Optimizer(rule, config);
}

const defaults = {
  beta2Decay: -0.8,
  epsilon1: 1e-30,
  epsilon2: 1e-3,
  clipThreshold: 1,
  relativeStep: true,
};

function adafactorRule(settings: typeof defaults): UpdateRule {
  const { beta2Decay, epsilon1, epsilon2, clipThreshold, relativeStep } = settings;
  checkSetting("adafactor beta2Decay", beta2Decay, { from: -1, below: 0 });
  checkSetting("adafactor epsilon1", epsilon1, { above: 0 });
  checkSetting("adafactor epsilon2", epsilon2, { above: 0 });
  checkSetting("adafactor clipThreshold", clipThreshold, { above: 0 });
  return {
    form: "operations",
    kind: "adafactor",
    className: "Adafactor",
    slots: [
      { name: "row_velocity", shape: (weight) => (isMatrix(weight) ? weight.slice(0, -1) : null) },
      { name: "column_velocity", shape: (weight) => (isMatrix(weight) ? columns(weight) : null) },
      { name: "velocity", shape: (weight) => (isMatrix(weight) ? null : weight) },
    ],
    numbers: (step, rate) => ({
      oneMinusBeta2: step ** beta2Decay,
      epsilon1,
      epsilon2,
      clipThreshold,
      rho: relativeStep ? Math.min(rate, 1 / Math.sqrt(step)) : rate,
    }),
    update: updateWeight,
    config: { ...settings },
  };
}

const isMatrix = (shape: Shape): boolean => shape.length >= 2;

const columns = (shape: Shape): Shape => [...shape.slice(0, -2), ...shape.slice(-1)];

function updateWeight({ parameter, gradient, slots, number }: WeightUpdate): UpdatedWeight {
  if (sizeOf(parameter.shape) === 0) return { parameter, slots: {} };
  const most = ops.literal(MOST);
  const g = ops.maximum(ops.minimum(gradient, most), ops.neg(most));
  const squares = ops.add(ops.square(g), number("epsilon1"));
  const toward = (old: Value, fresh: Value): Value =>
    ops.add(old, ops.mul(number("oneMinusBeta2"), ops.sub(fresh, old)));
  const { row_velocity: rows, column_velocity: columns, velocity } = slots;
  const kept: { [slot: string]: Value } = {};
  if (rows !== undefined && columns !== undefined) {
    const rank = squares.shape.length;
    kept.row_velocity = toward(rows, ops.mean(squares, [rank - 1])); // [..., M]
    kept.column_velocity = toward(columns, ops.mean(squares, [rank - 2])); // [..., N]
  } else if (velocity !== undefined) {
    kept.velocity = toward(velocity, squares);
  }
  const step = kept.velocity ? ops.div(g, ops.sqrt(kept.velocity)) : divideByMeans(g, kept);
  const excess = ops.maximum(ops.literal(1), ops.div(rms(step), number("clipThreshold")));
  const size = ops.mul(ops.maximum(number("epsilon2"), rms(parameter)), number("rho"));
  return {
    parameter: ops.sub(parameter, ops.mul(size, ops.div(step, excess))),
    slots: kept,
  };
}

/**
 * g / √(r / mean(r) · c), root by root: r / mean(r) of a row without gradients may be less than any float32, and what
 * adapters flush to 0 would be divided by.
 */
function divideByMeans(g: Value, { row_velocity: r, column_velocity: c }: Kept): Value {
  if (r === undefined || c === undefined) throw new RangeError("adafactor: no means");
  const { shape } = g;
  const [outer, rows, columns] = [shape.slice(0, -2), shape.at(-2) ?? 1, shape.at(-1) ?? 1];
  const rowRoots = ops.reshape(ops.sqrt(r), [...outer, rows, 1]); // [..., M, 1]
  const columnRoots = ops.reshape(ops.sqrt(c), [...outer, 1, columns]); // [..., 1, N]
  const mean = ops.sqrt(ops.mean(r, [r.shape.length - 1], true)); // [..., 1]
  const share = ops.div(ops.reshape(mean, [...outer, 1, 1]), columnRoots); // [..., 1, N]
  return ops.mul(ops.div(g, rowRoots), share);
}

/** Root mean square of all elements. */
function rms(x: Value): Value {
  return ops.sqrt(ops.mean(ops.square(x)));
}

type Kept = Readonly<Record<string, Value>>;

/** Of an arena of 1e8 gradients of this size the sum of squares is still a float32. */
const MOST = 1e15;
