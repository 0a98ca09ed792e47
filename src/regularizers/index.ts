import { ArgumentError, ShapeError } from "../errors.ts";
import { formatShape } from "../graph/shape.ts";
import { checkKeys } from "../names/check-keys.ts";
import { resolveName } from "../names/resolve.ts";
import {
  abs,
  add,
  eye,
  matMul,
  maximum,
  mul,
  rsqrt,
  scalar,
  square,
  sub,
  sum,
  type Tensor,
} from "../tensor/index.ts";

/**
 * A penalty on a tensor: a scalar that training adds to the loss. Derive from it to make your own.
 */
export abstract class Regularizer {
  /** Name of the class in saved models; each class has its own. */
  static readonly className: string = "Regularizer";

  /** The penalty, a scalar. */
  abstract apply(x: Tensor): Tensor;

  /** What the constructor takes to make the same regularizer, as plain data. */
  getConfig(): object {
    return {};
  }

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

  override getConfig(): Record<string, unknown> {
    return { l1: this.l1, l2: this.l2 };
  }
}

const modes = ["rows", "columns"] as const;

/** Settings of `orthogonal`. */
export interface OrthogonalRegularizerConfig {
  /** Factor of the penalty. Default 0.01. */
  readonly factor?: number;
  /** Which vectors shall be at right angles. Default `"rows"`. */
  readonly mode?: (typeof modes)[number];
}

/** `factor` times the mean of |cos| of the angles between all pairs of rows, or of columns. */
export class OrthogonalRegularizer extends Regularizer {
  static override readonly className = "OrthogonalRegularizer";
  readonly factor: number;
  readonly mode: (typeof modes)[number];

  constructor(config: OrthogonalRegularizerConfig = {}) {
    super();
    checkKeys("regularizers.orthogonal", config, { factor: "number", mode: "string" });
    this.factor = factor("factor", config.factor ?? 0.01);
    this.mode = resolveName(config.mode ?? "rows", modes, { what: "regularizers.orthogonal mode" });
  }

  apply(x: Tensor): Tensor {
    if (x.shape.length !== 2) {
      throw new ShapeError(
        `regularizers.orthogonal: received shape ${formatShape(x.shape)}. Expected a matrix.`,
        { details: { shape: x.shape } },
      );
    }
    const isRows = this.mode === "rows";
    const count = x.shape[isRows ? 0 : 1] ?? 0;
    const pairs = (count * (count - 1)) / 2;
    if (pairs === 0) return scalar(0);
    // A vector of zeros has no direction; it counts as at right angles to all.
    const lengths = maximum(sum(square(x), isRows ? 1 : 0, true), LEAST_SQUARE);
    const units = mul(x, rsqrt(lengths));
    const cosines = matMul(units, units, !isRows, isRows); // [count, count]
    const others = sub(1, eye(count));
    return mul(sum(abs(mul(cosines, others))), (0.5 * this.factor) / pairs);
  }

  override getConfig(): Record<string, unknown> {
    return { factor: this.factor, mode: this.mode };
  }
}

/** Of a vector's length, which Keras's `ops.normalize` keeps above its epsilon, 1e-7. */
const LEAST_SQUARE = 1e-14;

/**
 * Penalty on vectors of a matrix that are not at right angles: `factor · Σ|cos| / pairs`.
 *
 * Counterpart of `keras.regularizers.OrthogonalRegularizer`.
 *
 * @param config `factor` 0.01, `mode` `"rows"` by default.
 * @example
 * const kernelRegularizer = sl.regularizers.orthogonal({ factor: 0.1, mode: "columns" });
 * const layer = sl.layers.dense({ units: 2, kernelRegularizer });
 */
export function orthogonal(config?: OrthogonalRegularizerConfig): OrthogonalRegularizer {
  return new OrthogonalRegularizer(config);
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
