import { ArgumentError } from "../errors.ts";
import { checkKeys } from "../names/check-keys.ts";
import {
  add,
  clipByValue,
  div,
  max,
  maximum,
  mul,
  relu,
  sqrt,
  square,
  sum,
  type Tensor,
} from "../tensor/index.ts";

/**
 * What training brings a weight back to after each update. Derive from it to make your own.
 *
 * @example
 * class Centered extends sl.constraints.Constraint {
 *   static override readonly className = "Centered";
 *   override apply(w: sl.Tensor) { return w.sub(w.mean()); }
 * }
 * sl.serialization.registerClass(Centered);
 * const layer = sl.layers.dense({ units: 2, kernelConstraint: new Centered() });
 */
export abstract class Constraint {
  /** Name of the class in saved models; each class has its own. */
  static readonly className: string = "Constraint";
  /** The weight as it shall be; of the same shape. */
  abstract apply(w: Tensor): Tensor;
  /** What the constructor takes to make the same constraint, as plain data. */
  getConfig(): object {
    return {};
  }

  getClassName(): string {
    return (this.constructor as typeof Constraint).className;
  }
}

/** Which elements make up one norm. */
interface AxisConfig {
  /** Axis, or axes, along which norms are taken. Default 0: of a kernel [I, units] the weights of each unit. */
  readonly axis?: number | readonly number[];
}

/** Settings of `maxNorm`. */
export interface MaxNormConfig extends AxisConfig {
  /** Greatest norm. Default 2. */
  readonly maxValue?: number;
}

/** Settings of `minMaxNorm`. */
export interface MinMaxNormConfig extends AxisConfig {
  /** Least norm. Default 0. */
  readonly minValue?: number;
  /** Greatest norm. Default 1. */
  readonly maxValue?: number;
  /** Share of the way to the nearest allowed norm that each update goes. Default 1: all of it. */
  readonly rate?: number;
}

/** Settings of `unitNorm`. */
export interface UnitNormConfig extends AxisConfig {}

/** `w · min(norm, maxValue) / (1e-7 + norm)`. */
export class MaxNorm extends Constraint {
  static override readonly className = "MaxNorm";
  readonly maxValue: number;
  readonly axis: number | readonly number[];

  constructor(config: MaxNormConfig = {}) {
    super();
    checkKeys("constraints.maxNorm", config, { maxValue: "number", axis: "any" });
    this.maxValue = bound("maxNorm: maxValue", config.maxValue ?? 2);
    this.axis = axes("maxNorm", config);
  }

  override apply(w: Tensor): Tensor {
    const norms = normsOf(w, this.axis);
    return rescale(w, norms, clipByValue(norms, 0, this.maxValue));
  }

  override getConfig(): Record<string, unknown> {
    return { maxValue: this.maxValue, axis: this.axis };
  }
}

/** `max(w, 0)`. */
export class NonNeg extends Constraint {
  static override readonly className = "NonNeg";

  constructor(config: Record<string, never> = {}) {
    super();
    checkKeys("constraints.nonNeg", config, {});
  }

  override apply(w: Tensor): Tensor {
    return relu(w);
  }

  override getConfig(): Record<string, unknown> {
    return {};
  }
}

/** `w / (1e-7 + norm)`. */
export class UnitNorm extends Constraint {
  static override readonly className = "UnitNorm";
  readonly axis: number | readonly number[];

  constructor(config: UnitNormConfig = {}) {
    super();
    checkKeys("constraints.unitNorm", config, { axis: "any" });
    this.axis = axes("unitNorm", config);
  }

  override apply(w: Tensor): Tensor {
    return rescale(w, normsOf(w, this.axis), 1);
  }

  override getConfig(): Record<string, unknown> {
    return { axis: this.axis };
  }
}

/** `w · (rate·clip(norm, minValue, maxValue) + (1 - rate)·norm) / (1e-7 + norm)`. */
export class MinMaxNorm extends Constraint {
  static override readonly className = "MinMaxNorm";
  readonly minValue: number;
  readonly maxValue: number;
  readonly rate: number;
  readonly axis: number | readonly number[];

  constructor(config: MinMaxNormConfig = {}) {
    super();
    const keys = { minValue: "number", maxValue: "number", rate: "number", axis: "any" } as const;
    checkKeys("constraints.minMaxNorm", config, keys);
    this.minValue = bound("minMaxNorm: minValue", config.minValue ?? 0);
    this.maxValue = bound("minMaxNorm: maxValue", config.maxValue ?? 1, this.minValue);
    this.rate = config.rate ?? 1;
    this.axis = axes("minMaxNorm", config);
    if (this.rate > 0 && this.rate <= 1) return;
    throw new ArgumentError(
      `minMaxNorm: rate is ${this.rate}. Expected a number above 0 and up to 1.`,
    );
  }

  override apply(w: Tensor): Tensor {
    const norms = normsOf(w, this.axis);
    const allowed = clipByValue(norms, this.minValue, this.maxValue);
    return rescale(w, norms, add(mul(allowed, this.rate), mul(norms, 1 - this.rate)));
  }

  override getConfig(): Record<string, unknown> {
    const { minValue, maxValue, rate, axis } = this;
    return { minValue, maxValue, rate, axis };
  }
}

/**
 * Keeps norms of a weight from growing beyond `maxValue` (Srivastava et al. 2014, JMLR 15:1929).
 * @param config `maxValue` 2, `axis` 0 by default.
 * @example
 * const kernelConstraint = sl.constraints.maxNorm({ maxValue: 3 });
 * const layer = sl.layers.lstm({ units: 4, kernelConstraint, recurrentConstraint: "maxNorm" });
 */
export function maxNorm(config?: MaxNormConfig): MaxNorm {
  return new MaxNorm(config);
}

/**
 * Sets the negative elements of a weight to 0.
 * @example
 * const layer = sl.layers.dense({ units: 2, kernelConstraint: sl.constraints.nonNeg() });
 */
export function nonNeg(): NonNeg {
  return new NonNeg();
}

/**
 * Gives the norms of a weight the value 1.
 * @param config `axis` 0 by default.
 * @example
 * const layer = sl.layers.embedding({ inputDim: 9, outputDim: 4, embeddingsConstraint: sl.constraints.unitNorm({ axis: 1 }) });
 */
export function unitNorm(config?: UnitNormConfig): UnitNorm {
  return new UnitNorm(config);
}

/**
 * Brings the norms of a weight between `minValue` and `maxValue`, at once or by a share `rate` at each update.
 * @param config `minValue` 0, `maxValue` 1, `rate` 1, `axis` 0 by default.
 * @example
 * const kernelConstraint = sl.constraints.minMaxNorm({ minValue: 0.5, maxValue: 2, rate: 0.1 });
 */
export function minMaxNorm(config?: MinMaxNormConfig): MinMaxNorm {
  return new MinMaxNorm(config);
}

/** Keras's epsilon: a norm of 0 stays 0. */
const EPSILON = 1e-7;

/** What smaller weights are scaled by: adapters may take a divisor far below it for 0. */
const SMALLEST_SCALE = 2 ** -100;

/** L2 norms along the axes, which stay as 1. The greatest element is taken out first, so that no square overflows. */
function normsOf(w: Tensor, axis: number | readonly number[]): Tensor {
  const along = typeof axis === "number" ? axis : [...axis];
  const greatest = maximum(max(w.abs(), along, true), SMALLEST_SCALE);
  return mul(sqrt(sum(square(div(w, greatest)), along, true)), greatest);
}

function rescale(w: Tensor, norms: Tensor, desired: Tensor | number): Tensor {
  return mul(w, div(desired, add(norms, EPSILON)));
}

function axes(label: string, { axis = 0 }: AxisConfig): number | readonly number[] {
  if ([axis].flat().every((one) => Number.isInteger(one))) return axis;
  throw new ArgumentError(
    `${label}: axis is ${JSON.stringify(axis)}. Expected a whole number, or a list of them.`,
  );
}

function bound(label: string, value: number, from = 0): number {
  if (Number.isFinite(value) && value >= from) return value;
  throw new ArgumentError(`${label} is ${value}. Expected a number from ${from} on.`);
}
