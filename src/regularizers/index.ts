import { ArgumentError } from "../errors.ts";
import { checkKeys } from "../names/check-keys.ts";
import { abs, add, mul, scalar, square, sum, type Tensor } from "../tensor/index.ts";

/**
 * A penalty on a tensor: a scalar that training adds to the loss. Derive from it to make your own.
 */
export abstract class Regularizer {
  /** Name of the class in saved models. */
  static readonly className: string = "Regularizer";
  abstract apply(x: Tensor): Tensor;
  abstract getConfig(): Record<string, unknown>;

  getClassName(): string {
    return (this.constructor as typeof Regularizer).className;
  }
}

/** Factors of the two penalties; one that is left out is 0. */
export interface L1L2Config {
  /** Factor of Σ|w|. */
  readonly l1?: number;
  /** Factor of Σw². */
  readonly l2?: number;
}

/** `l1 · Σ|w| + l2 · Σw²`. */
export class L1L2 extends Regularizer {
  static override readonly className = "L1L2";
  readonly l1: number;
  readonly l2: number;

  constructor(config: L1L2Config = { l1: 0.01, l2: 0.01 }) {
    super();
    checkKeys("regularizers.l1l2", config, { l1: "number", l2: "number" });
    this.l1 = factor("l1", config.l1 ?? 0);
    this.l2 = factor("l2", config.l2 ?? 0);
  }

  apply(x: Tensor): Tensor {
    const terms: Tensor[] = [];
    if (this.l1 !== 0) terms.push(mul(sum(abs(x)), this.l1));
    if (this.l2 !== 0) terms.push(mul(sum(square(x)), this.l2));
    const [first = scalar(0), second] = terms;
    return second === undefined ? first : add(first, second);
  }

  getConfig(): Record<string, unknown> {
    return { l1: this.l1, l2: this.l2 };
  }
}

/**
 * Penalty `l1 · Σ|w|`.
 * @param config `l1`: the factor, 0.01 by default.
 * @example
 * const kernelRegularizer = sl.regularizers.l1({ l1: 0.001 });
 * const layer = sl.layers.dense({ units: 2, kernelRegularizer });
 */
export function l1(config: { readonly l1?: number } = {}): L1L2 {
  checkKeys("regularizers.l1", config, { l1: "number" });
  return new L1L2({ l1: config.l1 ?? 0.01 });
}

/**
 * Penalty `l2 · Σw²`.
 * @param config `l2`: the factor, 0.01 by default.
 * @example
 * const kernelRegularizer = sl.regularizers.l2({ l2: 0.001 });
 * const layer = sl.layers.dense({ units: 2, kernelRegularizer });
 */
export function l2(config: { readonly l2?: number } = {}): L1L2 {
  checkKeys("regularizers.l2", config, { l2: "number" });
  return new L1L2({ l2: config.l2 ?? 0.01 });
}

/**
 * Penalty `l1 · Σ|w| + l2 · Σw²`.
 * @param config A factor that is left out is 0; with no config at all both are 0.01.
 * @example
 * const both = sl.regularizers.l1l2({ l1: 0.001, l2: 0.01 });
 */
export function l1l2(config?: L1L2Config): L1L2 {
  return new L1L2(config);
}

function factor(name: string, value: number): number {
  if (typeof value === "number" && Number.isFinite(value) && value >= 0) return value;
  throw new ArgumentError(`regularizer: ${name} is ${value}. Expected a number from 0 up.`, {
    details: { [name]: value },
  });
}
