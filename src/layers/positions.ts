import { ArgumentError } from "../errors.ts";
import { HostScalar } from "../graph/host-scalar.ts";
import type { Value } from "../graph/node.ts";
import { sizeOf } from "../graph/shape.ts";
import { describeValue } from "../names/describe.ts";
import { isWholeNumber } from "../names/whole-number.ts";
import { ops } from "../ops/index.ts";
import { fromHost, Tensor } from "../tensor/index.ts";
import { carriedStates } from "./carried-states.ts";
import type { CallOptions } from "./layer-types.ts";

/** 2³², the parts that a turn is counted in. */
const PARTS = 2 ** 32;

/** Arguments of a call of a layer that knows positions. */
export interface PositionCallOptions extends CallOptions {
  /**
   * Position of the first step: a whole number from 0 up, or an int32 tensor []. Default 0. Where a model is run step by
   * step, the steps that it has seen are added.
   */
  readonly startIndex?: number | Tensor | undefined;
}

/** Where the first step of a call stands. */
export interface FirstPosition {
  /** int32 [] */
  readonly value: Value;
  /** The same as a number; null where only the GPU knows it. */
  readonly known: number | null;
}

/**
 * The position of the first step of the call that runs now: `startIndex`, and the steps that earlier calls saw.
 * @throws {ArgumentError} for a `startIndex` that is no position.
 */
export function firstPosition(layer: string, { startIndex }: PositionCallOptions): FirstPosition {
  const start = startOf(layer, startIndex ?? 0);
  const seen = carriedStates()?.position ?? null;
  if (seen === null) return start;
  return { value: ops.add(start.value, int32Scalar(seen)), known: null };
}

function startOf(layer: string, given: unknown): FirstPosition {
  if (given instanceof Tensor && given.dtype !== "bool" && sizeOf(given.shape) === 1) {
    return { value: int32Scalar(given), known: null };
  }
  if (isWholeNumber(given, 0) && given < PARTS / 2) {
    return { value: ops.scalar(HostScalar.of(given, "int32")), known: given };
  }
  throw new ArgumentError(
    `${layer}: received ${describeValue(given)} as startIndex. Expected a whole number from 0 up, or an int32 tensor ` +
      "of one: layer.apply(x, { startIndex: 7 }).",
  );
}

function int32Scalar(tensor: Tensor): Value {
  return ops.reshape(ops.cast(tensor.value, "int32"), []);
}

/** The positions of `steps` steps from the first on, int32 [T]. */
export function positionsFrom(first: FirstPosition, steps: number): Value {
  return ops.add(ops.range(steps), first.value);
}

/**
 * The angles `position · frequency + shift`, less whole turns, in radians: float32 [T, F] within ±π.
 *
 * A float32 angle of some thousand radians has lost three digits before any sine sees it. So a turn is cut into 2³²
 * parts: the product of a position and a frequency in such parts, as int32, drops whole turns by itself and nothing
 * else; what the frequency has beyond whole parts, at most one half, is multiplied in float32. The sines are as good at
 * position 2³⁰ as at 0, and need no table that would have to be as long as the longest sequence.
 *
 * @param positions int32 [T]
 * @param columns Radians a step, and turns that are added.
 */
export function positionAngles(
  positions: Value,
  columns: readonly { readonly frequency: number; readonly shift?: number }[],
): Value {
  const parts = columns.map(({ frequency }) => {
    const turns = frequency / (2 * Math.PI);
    return (turns - Math.round(turns)) * PARTS;
  });
  const width = columns.length;
  const whole = fromHost(Int32Array.from(parts, Math.round), [width], "int32").value; // [F]
  const rest = fromHost(
    parts.map((part) => part - Math.round(part)),
    [width],
    "float32",
  ).value; // [F]
  const shifts = columns.map(({ shift = 0 }) => shift * PARTS);
  const shift = fromHost(Int32Array.from(shifts), [width], "int32").value; // [F]
  const column = ops.reshape(positions, [...positions.shape, 1]); // [T, 1]
  const coarse = ops.add(ops.mul(column, whole), shift); // [T, F], of a turn that begins anew at ±2³¹
  const fine = ops.mul(ops.cast(column, "float32"), rest); // [T, F]
  const angle = ops.add(ops.cast(coarse, "float32"), fine);
  return ops.mul(angle, ops.literal((2 * Math.PI) / PARTS));
}
