import { ArgumentError } from "../errors.ts";
import { checkKeys } from "../names/check-keys.ts";
import { describeValue } from "../names/describe.ts";
import { resolveName } from "../names/resolve.ts";

/**
 * How the losses of all elements become one number; the numbers are TF.js's.
 *
 * @example
 * const rows = sl.losses.meanSquaredError([1, 2], [1, 4], undefined, sl.losses.Reduction.NONE);
 * console.log(await rows.data()); // Float32Array [ 0, 4 ]
 */
export const Reduction = {
  /** All losses, as they are. */
  NONE: 0,
  /** Σ loss·weight / Σ weight. */
  MEAN: 1,
  /** Σ loss·weight. */
  SUM: 2,
  /** Σ loss·weight over the number of weights that are not 0. The default. */
  SUM_BY_NONZERO_WEIGHTS: 3,
} as const;

const names = ["none", "mean", "sum", "sumByNonzeroWeights"] as const;

/** A reduction by its name. */
export type ReductionName = (typeof names)[number];

/** A reduction by its name, or by TF.js's number. */
export type ReductionLike = ReductionName | (typeof Reduction)[keyof typeof Reduction];

/** The reduction among the options of a loss. */
export interface ReductionOption {
  /** How the losses become one number. Default `"sumByNonzeroWeights"`. */
  readonly reduction?: ReductionLike;
}

/**
 * The reduction that a caller means; absent: TF.js's default.
 * @throws {ArgumentError} for what is none.
 */
export function reductionOf(
  label: string,
  given: ReductionLike | ReductionOption | null | undefined,
): ReductionName {
  if (given === undefined || given === null) return "sumByNonzeroWeights";
  if (typeof given === "object") {
    checkKeys(`${label} options`, given, { reduction: "any" });
    return reductionOf(label, given.reduction);
  }
  if (typeof given === "string") return resolveName(given, names, { what: `${label} reduction` });
  const name = typeof given === "number" ? names[given] : undefined;
  if (name !== undefined) return name;
  throw new ArgumentError(
    `${label}: received ${describeValue(given)} as reduction. Expected one of ${names.join(", ")}, or a ` +
      "number of losses.Reduction.",
  );
}

/** The reduction of a loss that has no other options, as options. */
export function optionOf(
  reduction: ReductionLike | ReductionOption | null | undefined,
): ReductionOption {
  if (typeof reduction === "object" && reduction !== null) return reduction;
  return reduction === undefined || reduction === null ? {} : { reduction };
}
