import { ArgumentError, DTypeError, ShapeError } from "../errors.ts";
import { formatShape } from "../graph/shape.ts";
import { describeValue } from "../names/describe.ts";
import { checkLengths, isNumbers } from "../names/lengths.ts";
import { expandDims, less, range, Tensor, tensor } from "../tensor/index.ts";
import type { CallOptions, Mask } from "./layer-types.ts";
import { asList } from "./symbolic.ts";

/**
 * How many steps of each row count, [B]: the first `length` of them. Whole numbers from 0 to T, as an array of numbers,
 * a typed array, or an int32 tensor.
 *
 * Numbers on the host are checked, and rows of like length are computed side by side, so that short ones end early.
 * Those in a tensor are not read back: below 0 counts as 0, above T as T.
 */
export type SequenceLengths = readonly number[] | Int32Array | Float32Array | Uint8Array | Tensor;

/** Rows of a batch in another order. */
export interface RowOrder {
  /** int32 [B]: which row stands at each place. */
  readonly order: Tensor;
  /** int32 [B]: at which place each row stands. */
  readonly inverse: Tensor;
  /** bool [B, T], in this order. */
  readonly mask: Tensor;
}

/** What a call with `sequenceLengths` is about. */
interface Sequence {
  readonly layer: string;
  readonly batch: number;
  readonly time: number;
}

/** The sizes of a sequence [B, T, I]. */
export function sequenceOf(x: Tensor, layer: string): Sequence {
  const [batch = 0, time = 0] = x.shape;
  return { layer, batch, time };
}

/**
 * The mask of a call: `mask`, or what `sequenceLengths` says in its place, bool [B, T], true where t < length.
 * @throws {ArgumentError} for lengths that are not whole numbers from 0 to T, and for lengths beside a mask.
 * @throws {ShapeError} when there are not B of them.
 * @throws {DTypeError} for a tensor that is not int32.
 */
export function maskOfCall(
  mask: Mask,
  inputs: Tensor | readonly Tensor[],
  { layer, kwargs }: { layer: string; kwargs: CallOptions },
): Mask {
  const { sequenceLengths } = kwargs;
  const [x] = asList(inputs);
  if (sequenceLengths === undefined || sequenceLengths === null || x === undefined) return mask;
  if ([mask].flat().some((one) => one !== null)) {
    throw new ArgumentError(
      `${layer}: received sequenceLengths and a mask. Expected one of them; where a mask travels with the input, ` +
        "give mask: null to go by the lengths.",
    );
  }
  const sequence = sequenceOf(x, layer);
  return maskFrom(lengthsTensor(sequenceLengths, sequence), sequence.time);
}

/**
 * The order in which rows are computed, longest first; null for lengths in a tensor, whose order is not known here. To
 * be called with lengths that `maskOfCall` took.
 */
export function rowOrder(given: unknown, { time }: Sequence): RowOrder | null {
  if (given instanceof Tensor) return null;
  const lengths = Array.from(given as ArrayLike<number>);
  const order = lengths.map((_, row) => row);
  order.sort((a, b) => (lengths[b] ?? 0) - (lengths[a] ?? 0) || a - b);
  const inverse = new Int32Array(order.length);
  order.forEach((row, place) => {
    inverse[row] = place;
  });
  const sorted = order.map((row) => lengths[row] ?? 0);
  return {
    order: hostInts(order),
    inverse: hostInts(inverse),
    mask: maskFrom(hostInts(sorted), time),
  };
}

function maskFrom(lengths: Tensor, time: number): Tensor {
  return less(range(0, time, 1, "int32"), expandDims(lengths, 1)); // [B, T]
}

function hostInts(values: ArrayLike<number>): Tensor {
  return tensor(Int32Array.from(values), [values.length]);
}

function lengthsTensor(given: unknown, { layer, batch, time }: Sequence): Tensor {
  if (given instanceof Tensor) return checkTensor(given, layer, batch);
  if (!isNumbers(given)) {
    throw new ArgumentError(
      `${layer}: received ${describeValue(given)} as sequenceLengths. Expected a whole number for each row, as an ` +
        "array, a typed array or an int32 tensor: [3, 5].",
    );
  }
  if (given.length !== batch) throw wrongCount(layer, [given.length], batch);
  checkLengths(given, `${layer}: sequenceLengths`, { count: time, of: "the steps of the input" });
  return hostInts(given);
}

function checkTensor(given: Tensor, layer: string, batch: number): Tensor {
  if (given.rank !== 1 || given.shape[0] !== batch) throw wrongCount(layer, given.shape, batch);
  if (given.dtype === "int32") return given;
  throw new DTypeError(
    `${layer}: sequenceLengths are ${given.dtype}. Expected int32: sl.tensor([3, 5], [2], "int32"), or plain numbers.`,
  );
}

function wrongCount(layer: string, shape: readonly number[], batch: number): ShapeError {
  return new ShapeError(
    `${layer}: received sequenceLengths of shape ${formatShape(shape)}. Expected ${formatShape([batch])}, one for ` +
      "each row of the input.",
    { details: { received: shape, expected: [batch] } },
  );
}
