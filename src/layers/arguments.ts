import { ArgumentError } from "../errors.ts";
import { isFloat } from "../graph/dtype.ts";
import { cast, Tensor } from "../tensor/index.ts";

/**
 * The only input of a layer.
 * @throws {ArgumentError} when there are several or none.
 */
export function singleInput(inputs: Tensor | readonly Tensor[], layer: string): Tensor {
  if (inputs instanceof Tensor) return inputs;
  const [only] = inputs;
  if (only === undefined || inputs.length > 1) {
    throw new ArgumentError(`${layer}: received ${inputs.length} inputs. Expected one.`);
  }
  return only;
}

/** The only input of a layer that computes with floats; other dtypes become float32. */
export function floatInput(inputs: Tensor | readonly Tensor[], layer: string): Tensor {
  const x = singleInput(inputs, layer);
  return isFloat(x.dtype) ? x : cast(x, "float32");
}

/**
 * `value` when it is a finite number above 0.
 * @throws {ArgumentError} otherwise.
 */
export function positiveNumber(value: number, what: string): number {
  if (value > 0 && Number.isFinite(value)) return value;
  throw new ArgumentError(`${what} is ${value}. Expected a number above 0.`, {
    details: { value },
  });
}

/**
 * `value` when it is a share that dropout can take away.
 * @throws {ArgumentError} outside [0, 1).
 */
export function dropoutRate(value: number, what: string): number {
  if (typeof value === "number" && value >= 0 && value < 1) return value;
  throw new ArgumentError(`${what} is ${value}. Expected a number from 0 up to, without, 1.`, {
    details: { value },
  });
}
