import { ArgumentError, ShapeError } from "../errors.ts";
import type { DType } from "../graph/dtype.ts";
import { formatShape, type Shape, shapesEqual, sizeOf } from "../graph/shape.ts";
import { checkKeys } from "../names/check-keys.ts";
import { describeValue } from "../names/describe.ts";
import { resolveName } from "../names/resolve.ts";
import { wholeNumber } from "../names/whole-number.ts";
import { type HostNumbers, hostArray } from "../tensor/host-data.ts";
import { checkDType, checkIndices, checkNumbers } from "../tensor/host-numbers.ts";
import type { Tensor } from "../tensor/index.ts";
import { emptyArray, hostTensor } from "./host-tensor.ts";

/** At which end of a sequence. */
export type SequenceEnd = "pre" | "post";

/** What `data.padSequences` takes beside the sequences. */
export interface PadSequencesConfig {
  /** Steps of every result. Default: as many as the longest sequence has. */
  readonly maxLength?: number;
  /** Where `value` is added to short sequences. Default `"pre"`, the front, as in Keras. */
  readonly padding?: SequenceEnd;
  /** Where long sequences are cut. Default `"pre"`: their end stays. */
  readonly truncating?: SequenceEnd;
  /** Stands in the steps that are added. Default 0. */
  readonly value?: number;
  /** Default `"int32"`, as in Keras; numbers that are not whole need `"float32"`. */
  readonly dtype?: DType;
}

const keys = {
  maxLength: "number",
  padding: "any",
  truncating: "any",
  value: "number",
  dtype: "any",
} as const;

/**
 * Sequences of different lengths as one tensor: short ones are padded, long ones cut.
 *
 * @param sequences B lists of numbers, or of vectors of one length D.
 * @returns [B, T], or [B, T, D] for vectors; on the host until something computes with it.
 * @throws {ShapeError} when vectors differ in length.
 * @throws {ArgumentError} for options that nobody reads, and for fractions where the dtype is int32.
 * @example
 * await sl.data.padSequences([[1, 2, 3], [4]]).array(); // [[1, 2, 3], [0, 0, 4]]
 * sl.data.padSequences([[1, 2, 3], [4]], { maxLength: 2, padding: "post" }); // tensor [[2, 3], [4, 0]]
 * @see Keras `keras.utils.pad_sequences`
 */
export function padSequences(
  sequences: readonly HostNumbers[],
  config: PadSequencesConfig = {},
): Tensor {
  checkKeys("data.padSequences", config, keys);
  if (!Array.isArray(sequences) || sequences.length === 0) {
    throw new ArgumentError(
      `data.padSequences: received ${describeValue(sequences)}. Expected a list of sequences.`,
    );
  }
  const { value = 0, dtype = "int32" } = config;
  checkDType(dtype, "data.padSequences");
  const padding = endOf(config.padding, "padding");
  const truncating = endOf(config.truncating, "truncating");
  const rows = sequences.map((one, i) =>
    sequenceOf(one, `data.padSequences: sequence ${i}`, dtype),
  );
  const step = stepShape(rows);
  const longest = rows.reduce((most, row) => Math.max(most, row.shape[0] ?? 0), 0);
  const length = wholeNumber(config.maxLength ?? longest, "data.padSequences: maxLength", 0);
  const width = sizeOf(step);
  const data = emptyArray(dtype, rows.length * length * width).fill(value);
  rows.forEach(({ values, shape }, i) => {
    const steps = Math.min(length, shape[0] ?? 0);
    const from = truncating === "pre" ? (shape[0] ?? 0) - steps : 0;
    const to = i * length + (padding === "pre" ? length - steps : 0);
    for (let k = 0; k < steps * width; k++) data[to * width + k] = values[from * width + k] ?? 0;
  });
  return hostTensor(data, [rows.length, length, ...step], dtype);
}

interface Sequence {
  readonly values: ArrayLike<number>;
  readonly shape: Shape;
}

function sequenceOf(given: unknown, label: string, dtype: DType): Sequence {
  const { values, shape } = hostArray(given, label);
  if (shape.length === 0) {
    throw new ShapeError(
      `${label} is ${describeValue(given)}. Expected a list of numbers or vectors.`,
    );
  }
  if (dtype === "int32") {
    checkNumbers(values, dtype, label);
    checkWhole(values, label);
  }
  return { values, shape };
}

function checkWhole(values: ArrayLike<number>, label: string): void {
  try {
    checkIndices(values, label);
  } catch (cause) {
    throw new ArgumentError(
      `${label} has numbers that are not whole, and dtype is int32. Expected whole numbers; give dtype: "float32".`,
      { cause },
    );
  }
}

/** Shape of one step, the same in all sequences that have any. */
function stepShape(rows: readonly Sequence[]): Shape {
  const first = rows.findIndex(({ shape }) => shape[0] !== 0);
  const expected = rows[first]?.shape.slice(1) ?? [];
  rows.forEach(({ shape }, i) => {
    if (shape[0] === 0 || shapesEqual(shape.slice(1), expected)) return;
    throw new ShapeError(
      `data.padSequences: steps of sequence ${i} have shape ${formatShape(shape.slice(1))}, but those of sequence ` +
        `${first} have ${formatShape(expected)}. Expected one shape.`,
    );
  });
  return expected;
}

function endOf(given: SequenceEnd | undefined, name: string): SequenceEnd {
  return resolveName(given ?? "pre", ["pre", "post"] as const, {
    what: `data.padSequences: ${name}`,
  });
}
