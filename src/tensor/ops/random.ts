import { ArgumentError, ShapeError } from "../../errors.ts";
import { HostScalar } from "../../graph/host-scalar.ts";
import type { Value } from "../../graph/node.ts";
import { formatShape, type Shape } from "../../graph/shape.ts";
import { formatSpec } from "../../graph/spec.ts";
import { toFloat } from "../../ops/common-dtype.ts";
import { ops } from "../../ops/index.ts";
import { checkShape, type TensorLike } from "../convert.ts";
import { checkDType } from "../host-numbers.ts";
import { randomKey } from "../seed.ts";
import { Tensor } from "../tensor.ts";
import { operand } from "./operand.ts";
import { countOf, shapeList } from "./shape-arguments.ts";

/*
 * Random functions draw from the engine's seed (`setSeed`) unless they are given one; a seed of
 * one's own gives the same numbers at every call. In a compiled function each run draws anew.
 */

/** The key of a draw: the caller's seed, or the next of the engine's stream. */
export function keyOf(seed: number | undefined, label: string): HostScalar {
  if (seed === undefined) return randomKey();
  if (Number.isSafeInteger(seed)) return HostScalar.of(seed | 0, "int32");
  throw new ArgumentError(`${label}: seed ${seed}; expected a whole number.`);
}

/**
 * Numbers from the uniform distribution over [min, max).
 *
 * @param min - Default 0.
 * @param max - Default 1.
 * @param dtype - float32 (default); int32 gives whole numbers from min up to, not including, max.
 * @param seed - Default: from the engine's seed.
 * @throws {ArgumentError} when min is greater than max.
 * @example
 * sl.randomUniform([2, 3]).shape; // [2,3]
 */
export function randomUniform(
  shape: Shape,
  min = 0,
  max = 1,
  dtype: "float32" | "int32" = "float32",
  seed?: number,
): Tensor {
  checkDType(dtype, "randomUniform");
  if (!(min <= max)) {
    throw new ArgumentError(`randomUniform: from ${min} to ${max}; expected min <= max.`);
  }
  const drawn = ops.randomUniform(
    checkedShape(shape, "randomUniform"),
    keyOf(seed, "randomUniform"),
  );
  const scaled = affine(drawn, max - min, min);
  return Tensor.of(dtype === "int32" ? ops.cast(ops.floor(scaled), "int32") : scaled);
}

/**
 * Whole numbers from minval up to, not including, maxval, each as likely; int32. They are drawn
 * from 2²⁴ steps: keep maxval - minval well below that.
 *
 * @param seed - Default: from the engine's seed.
 * @throws {ArgumentError} unless both are whole numbers of int32 and minval is below maxval.
 * @example
 * sl.randomUniformInt([2, 3], 0, 10).dtype; // "int32"
 */
export function randomUniformInt(
  shape: Shape,
  minval: number,
  maxval: number,
  seed?: number,
): Tensor {
  const label = "randomUniformInt";
  const isWhole = [minval, maxval].every((n) => Number.isInteger(n) && Math.abs(n) <= 2 ** 31 - 1);
  if (!isWhole || minval >= maxval) {
    throw new ArgumentError(
      `${label}: from ${minval} to ${maxval}; expected whole numbers, the first below the second.`,
    );
  }
  const drawn = ops.randomUniform(checkedShape(shape, label), keyOf(seed, label));
  const count = maxval - minval;
  const steps = ops.cast(ops.floor(ops.mul(drawn, operand(count, label))), "int32");
  // The product with the greatest number below 1 may round up to `count` itself.
  const whole = (n: number): Value => ops.scalar(HostScalar.of(n, "int32"));
  return Tensor.of(
    ops.add(ops.minimum(steps, whole(Math.min(count - 1, 2 ** 31 - 1))), whole(minval)),
  );
}

/**
 * Numbers from the normal distribution with mean 0 and standard deviation 1.
 *
 * @param dtype - float32 (default); int32 drops the fractions.
 * @param seed - Default: from the engine's seed.
 * @example
 * sl.randomStandardNormal([2, 3]).shape; // [2,3]
 */
export function randomStandardNormal(
  shape: Shape,
  dtype: "float32" | "int32" = "float32",
  seed?: number,
): Tensor {
  const label = "randomStandardNormal";
  checkDType(dtype, label);
  const drawn = ops.randomNormal(checkedShape(shape, label), keyOf(seed, label));
  return Tensor.of(ops.cast(drawn, dtype));
}

/**
 * Numbers from the normal distribution.
 *
 * @param mean - Default 0.
 * @param stddev - Standard deviation. Default 1.
 * @param dtype - float32 (default); int32 drops the fractions.
 * @param seed - Default: from the engine's seed.
 * @throws {ArgumentError} when stddev is negative.
 * @example
 * sl.randomNormal([2, 3]).shape; // [2,3]
 */
export function randomNormal(
  shape: Shape,
  mean = 0,
  stddev = 1,
  dtype: "float32" | "int32" = "float32",
  seed?: number,
): Tensor {
  const label = "randomNormal";
  checkDType(dtype, label);
  checkDeviation(stddev, label);
  const drawn = ops.randomNormal(checkedShape(shape, label), keyOf(seed, label));
  return Tensor.of(ops.cast(affine(drawn, stddev, mean), dtype));
}

/**
 * Numbers from the normal distribution, within two standard deviations of the mean.
 *
 * @param mean - Default 0.
 * @param stddev - Standard deviation of the whole bell, before it is cut (what is left has 0.88 of
 *   it). Default 1.
 * @param dtype - float32 (default); int32 drops the fractions.
 * @param seed - Default: from the engine's seed.
 * @throws {ArgumentError} when stddev is negative.
 * @example
 * sl.truncatedNormal([2, 3]).shape; // [2,3]
 */
export function truncatedNormal(
  shape: Shape,
  mean = 0,
  stddev = 1,
  dtype: "float32" | "int32" = "float32",
  seed?: number,
): Tensor {
  const label = "truncatedNormal";
  checkDType(dtype, label);
  checkDeviation(stddev, label);
  const drawn = ops.randomTruncatedNormal(checkedShape(shape, label), keyOf(seed, label));
  return Tensor.of(ops.cast(affine(drawn, stddev, mean), dtype));
}

/**
 * Sets a random share of the elements to 0 and divides the others by what is left, so that the mean
 * stays. Srivastava et al. 2014, "Dropout".
 *
 * @param rate - Share to drop, from 0 up to, not including, 1.
 * @param noiseShape - Shape of the mask: 1 on the axes along which elements are dropped together.
 *   Default that of x.
 * @param seed - Default: from the engine's seed.
 * @throws {ArgumentError} when the rate lies outside [0, 1).
 * @throws {ShapeError} when noiseShape does not stretch to the shape of x.
 * @example
 * await sl.dropout([1, 2, 3], 0).array(); // [1,2,3]
 */
export function dropout(x: TensorLike, rate: number, noiseShape?: Shape, seed?: number): Tensor {
  const value = toFloat(operand(x, "dropout"));
  if (!(rate >= 0 && rate < 1)) {
    throw new ArgumentError(`dropout: rate is ${rate}; expected a number in [0, 1).`);
  }
  const shape = noiseShape ? shapeList(noiseShape, "dropout: noiseShape") : value.shape;
  const offset = value.shape.length - shape.length;
  if (offset < 0 || shape.some((dim, i) => dim !== 1 && dim !== value.shape[i + offset])) {
    throw new ShapeError(
      `dropout: noiseShape ${formatShape(shape)} does not stretch to ${formatSpec(value.spec)}; ` +
        "expected each axis equal or 1.",
    );
  }
  if (rate === 0) return Tensor.of(value);
  const drawn = ops.randomUniform(shape, keyOf(seed, "dropout"));
  const isKept = ops.greaterEqual(drawn, ops.scalar(HostScalar.of(rate)));
  const scaled = ops.mul(value, ops.scalar(HostScalar.of(1 / (1 - rate))));
  return Tensor.of(ops.where(isKept, scaled, ops.literal(0)));
}

/**
 * Draws positions from categorical distributions, with replacement, by the Gumbel-max rule: the
 * greatest of logits - log(-log u), u uniform.
 *
 * @param logits - [.., V], one distribution a row: log probabilities, up to a constant.
 * @param numSamples - Draws of each row.
 * @param seed - Default: from the engine's seed.
 * @param normalized - `logits` holds probabilities instead. Default false.
 * @returns int32 [.., numSamples]
 * @throws {ShapeError} when logits is a scalar.
 * @throws {ArgumentError} unless numSamples is a whole number from 1 on.
 * @example
 * await sl.multinomial([0, 100, 0], 2).array(); // [1,1]
 */
export function multinomial(
  logits: TensorLike,
  numSamples: number,
  seed?: number,
  normalized = false,
): Tensor {
  const given = ops.cast(operand(logits, "multinomial"), "float32");
  const draws = countOf(numSamples, "multinomial: numSamples");
  const classes = given.shape.at(-1);
  if (classes === undefined) {
    throw new ShapeError("multinomial: received a scalar; expected rank 1 or more.");
  }
  const outer = given.shape.slice(0, -1);
  const scores = ops.reshape(normalized ? ops.log(given) : given, [...outer, 1, classes]);
  const drawn = ops.randomUniform([...outer, draws, classes], keyOf(seed, "multinomial"));
  // u is a multiple of 2⁻²⁴ and may be 0; half a step up it lies inside (0, 1).
  const inside = ops.add(drawn, ops.literal(2 ** -25));
  const gumbel = ops.neg(ops.log(ops.neg(ops.log(inside))));
  return Tensor.of(ops.argMax(ops.add(scores, gumbel), outer.length + 1));
}

/** The user's numbers are scalars: another range is not another shader. */
function affine(x: Value, scale: number, offset: number): Value {
  return ops.add(ops.mul(x, operand(scale, "random")), operand(offset, "random"));
}

function checkedShape(shape: Shape, label: string): Shape {
  checkShape(shape, label);
  return shape;
}

function checkDeviation(stddev: number, label: string): void {
  if (stddev >= 0) return;
  throw new ArgumentError(`${label}: stddev is ${stddev}; expected a number from 0 on.`);
}
