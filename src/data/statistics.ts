import { ArgumentError } from "../errors.ts";
import { sizeOf } from "../graph/shape.ts";
import { describeValue } from "../names/describe.ts";
import { isPlainObject } from "../names/plain-object.ts";
import { isWholeNumber } from "../names/whole-number.ts";
import type { Moments } from "../tensor/host-moments.ts";

/** What a normalizer knows of its training data, as plain data. */
export interface Statistics {
  /** Sizes of the axes that have them. */
  readonly shape: readonly number[];
  readonly mean: readonly number[];
  readonly variance: readonly number[];
  readonly min: readonly number[];
  readonly max: readonly number[];
}

/** @throws {ArgumentError} when there were no numbers. */
export function statisticsOf(moments: Moments): Statistics {
  void moments.firstShape; // throws when there was nothing
  const { sizes, mean, variance, min, max } = moments;
  return {
    shape: [...sizes],
    mean: [...mean],
    variance: [...variance],
    min: [...min],
    max: [...max],
  };
}

/** What is subtracted and what is divided by, feature by feature. A constant feature is not divided. */
export function scalesOf(
  { mean, variance, min, max }: Statistics,
  method: "standard" | "minMax",
): { offsets: readonly number[]; scales: readonly number[] } {
  const isStandard = method === "standard";
  const spans = isStandard
    ? variance.map((one) => Math.sqrt(one))
    : max.map((one, i) => one - (min[i] ?? one));
  return {
    offsets: isStandard ? mean : min,
    scales: spans.map((span) => (span > 0 ? span : 1)),
  };
}

/** One feature alone. @throws {ArgumentError} when there is none of that number. */
export function columnOf({ mean, variance, min, max }: Statistics, index: number): Statistics {
  if (!isWholeNumber(index, 0) || index >= mean.length) {
    throw new ArgumentError(
      `Normalizer.column: received ${describeValue(index)}. Expected one of ${mean.length} features, counted from 0.`,
    );
  }
  const at = (values: readonly number[]): number[] => values.slice(index, index + 1);
  return { shape: [], mean: at(mean), variance: at(variance), min: at(min), max: at(max) };
}

/** Statistics from a saved config. @throws {ArgumentError} for what `getConfig()` does not give. */
export function checkStatistics(given: unknown): Statistics {
  const { shape, mean, variance, min, max } = isPlainObject(given) ? given : {};
  const isShape = Array.isArray(shape) && shape.every((dim) => isWholeNumber(dim, 1));
  const size = isShape ? sizeOf(shape) : 0;
  const isList = (list: unknown): list is number[] =>
    Array.isArray(list) && list.length === size && list.every((x) => Number.isFinite(x));
  const isWhole = isShape && isList(mean) && isList(variance) && isList(min) && isList(max);
  if (isWhole && variance.every((x) => x >= 0)) return { shape, mean, variance, min, max };
  throw new ArgumentError(
    "data.normalizer: the config has statistics that are no statistics. Expected what getConfig() gave: shape, mean, " +
      "variance, min and max of every feature, finite numbers.",
  );
}
