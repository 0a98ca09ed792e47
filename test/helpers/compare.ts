/**
 * Comparison of numbers that were computed in two ways.
 *
 * NaN equals only NaN, an infinity only itself, and every finite value needs a stated tolerance.
 */

/** A value may differ by `atol + rtol * |expected|`. Both are needed; zero is allowed. */
export interface ValueTolerance {
  readonly rtol: number;
  readonly atol: number;
}

/**
 * A value may differ by `relativeToMax * max |expected|` over the finite expected values: for
 * gradients and products, whose small elements come from the cancellation of large terms.
 */
export interface MaxTolerance {
  readonly relativeToMax: number;
}

export type Tolerance = ValueTolerance | MaxTolerance;

/** What a failure says beside the numbers. */
export interface ComparisonDetails {
  /** What is compared, such as `"gradient of kernel"`. */
  readonly label?: string;
  /** The shape of both sides; the message then gives coordinates beside the flat index. */
  readonly shape?: readonly number[];
}

interface Worst {
  readonly index: number;
  /** Difference divided by what is allowed; Infinity where no difference is allowed. */
  readonly excess: number;
}

/**
 * Throws unless every value of `actual` is within the tolerance of its `expected` value.
 *
 * @param tolerance from `tolerances`, with `label` and `shape` added where they help:
 *   `{ ...tolerances.softmax, label: "dx" }`
 * @throws {RangeError} for a tolerance that lacks a part, is negative or not finite
 * @throws {Error} with the worst index, its two values, and count and percent out of tolerance
 */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: Tolerance & ComparisonDetails,
): void {
  const name = tolerance.label === undefined ? "expectClose" : `expectClose (${tolerance.label})`;
  checkTolerance(name, tolerance);
  if (actual.length !== expected.length) {
    throw new Error(
      `${name}: received ${actual.length} values, but ${expected.length} are expected.`,
    );
  }
  const allowed = allowance(expected, tolerance);
  let outside = 0;
  let worst: Worst = { index: -1, excess: 0 };
  for (let index = 0; index < expected.length; index++) {
    const wanted = Number(expected[index]);
    const excess = excessOf(Number(actual[index]), wanted, allowed(wanted));
    if (excess <= 1) continue;
    outside++;
    if (worst.index < 0 || excess > worst.excess) worst = { index, excess };
  }
  if (outside === 0) return;
  const received = Number(actual[worst.index]);
  const wanted = Number(expected[worst.index]);
  const limit = Number.isFinite(wanted) ? allowed(wanted).toPrecision(3) : "none";
  const percent = ((100 * outside) / expected.length).toPrecision(3);
  throw new Error(
    `${name}: ${outside} of ${expected.length} values (${percent} %) are out of tolerance. ` +
      `Worst at index ${describeIndex(worst.index, tolerance.shape)}: received ${received}, ` +
      `expected ${wanted}, difference ${Math.abs(received - wanted).toPrecision(3)}, ` +
      `allowed ${limit} (${describeTolerance(tolerance)}).`,
  );
}

/**
 * The largest `|actual - expected| / |expected|`: 0 for equal values (NaN and NaN, equal
 * infinities, two zeros), Infinity for a difference from an expected zero, NaN or infinity.
 *
 * @throws {Error} when the lengths differ
 */
export function maxRelativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) {
    throw new Error(
      `maxRelativeError: received ${actual.length} values, but ${expected.length} are expected.`,
    );
  }
  let largest = 0;
  for (let index = 0; index < expected.length; index++) {
    const wanted = Number(expected[index]);
    largest = Math.max(largest, excessOf(Number(actual[index]), wanted, Math.abs(wanted)));
  }
  return largest;
}

/** How many times the difference exceeds what is allowed; above 1 the values do not match. */
function excessOf(received: number, wanted: number, allowed: number): number {
  if (received === wanted || (Number.isNaN(received) && Number.isNaN(wanted))) return 0;
  if (!Number.isFinite(received) || !Number.isFinite(wanted)) return Number.POSITIVE_INFINITY;
  return Math.abs(received - wanted) / allowed;
}

function allowance(expected: ArrayLike<number>, tolerance: Tolerance): (wanted: number) => number {
  if (!("relativeToMax" in tolerance)) {
    return (wanted) => tolerance.atol + tolerance.rtol * Math.abs(wanted);
  }
  let largest = 0;
  for (let index = 0; index < expected.length; index++) {
    const magnitude = Math.abs(Number(expected[index]));
    if (Number.isFinite(magnitude)) largest = Math.max(largest, magnitude);
  }
  return () => tolerance.relativeToMax * largest;
}

function checkTolerance(name: string, tolerance: Tolerance): void {
  const parts: Record<string, number | undefined> =
    "relativeToMax" in tolerance
      ? { relativeToMax: tolerance.relativeToMax }
      : { rtol: tolerance.rtol, atol: tolerance.atol };
  for (const [part, value] of Object.entries(parts)) {
    if (typeof value === "number" && value >= 0 && Number.isFinite(value)) continue;
    throw new RangeError(
      `${name}: tolerance ${part} is ${value}, but a finite number of at least 0 is expected. ` +
        "Give rtol and atol, or relativeToMax.",
    );
  }
}

function describeTolerance(tolerance: Tolerance): string {
  if ("relativeToMax" in tolerance) return `relativeToMax ${tolerance.relativeToMax}`;
  return `rtol ${tolerance.rtol}, atol ${tolerance.atol}`;
}

function describeIndex(index: number, shape: readonly number[] | undefined): string {
  if (shape === undefined || shape.length < 2) return `${index}`;
  const coordinates: number[] = [];
  let rest = index;
  for (const size of shape.toReversed()) {
    coordinates.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return `${index} [${coordinates.join(", ")}]`;
}
