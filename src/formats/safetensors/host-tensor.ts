import { DTypeError, FormatError, ShapeError } from "../../errors.ts";
import type { DType, TypedArray } from "../../graph/dtype.ts";
import { float32BitsOfHalf, halvesOfFloats } from "../../graph/half.ts";
import { formatShape, sizeOf } from "../../graph/shape.ts";
import { describeValue } from "../../names/describe.ts";
import type { StoredTensor } from "./decode.ts";
import type { StoredDType } from "./dtypes.ts";
import { quote } from "./header-text.ts";

/** A tensor as this library holds it on the host. */
export interface HostTensor {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Elements in row-major order: `Float32Array` (also for float16), `Int32Array`, or for bool `Uint8Array` of 0 and 1. */
  readonly data: TypedArray;
}

const STORED = {
  float32: { dtype: "F32", array: Float32Array },
  float16: { dtype: "F16", array: Float32Array },
  int32: { dtype: "I32", array: Int32Array },
  bool: { dtype: "BOOL", array: Uint8Array },
} as const;

/** How elements are read, by stored dtype. Arrays lie as the file does: where WebGPU runs, words are little-endian. */
const readers: { readonly [D in StoredDType]?: (tensor: StoredTensor) => Elements } = {
  F32: (tensor) => float32(arrayOf(tensor, Float32Array)),
  F64: float32OfDoubles,
  F16: (tensor) => float32OfBits(arrayOf(tensor, Uint16Array), float32BitsOfHalf),
  BF16: (tensor) => float32OfBits(arrayOf(tensor, Uint16Array), (bits) => bits << 16),
  I8: (tensor) => int32(Int32Array.from(arrayOf(tensor, Int8Array))),
  U8: (tensor) => int32(Int32Array.from(arrayOf(tensor, Uint8Array))),
  I16: (tensor) => int32(Int32Array.from(arrayOf(tensor, Int16Array))),
  U16: (tensor) => int32(Int32Array.from(arrayOf(tensor, Uint16Array))),
  I32: (tensor) => int32(arrayOf(tensor, Int32Array)),
  U32: (tensor) => int32OfLarger(arrayOf(tensor, Uint32Array)),
  I64: (tensor) => int32OfLarger(arrayOf(tensor, BigInt64Array)),
  U64: (tensor) => int32OfLarger(arrayOf(tensor, BigUint64Array)),
  BOOL: boolOfBytes,
};

/**
 * A stored tensor in a dtype of this library: F16, BF16 and F32 become float32 and integers int32, exactly; F64 is
 * rounded to the nearest float32; BOOL becomes bool. Data that needs no change is a view of the file where it lies
 * aligned there, else a copy.
 *
 * @param options.source What the file is called; begins every message. Default `"safetensors"`.
 * @throws {FormatError} naming the tensor: for a dtype without counterpart here (F8, F6, F4, C64), an integer beyond
 *   int32, a finite F64 beyond float32, and a BOOL that is neither 0 nor 1.
 */
export function toHostTensor(
  tensor: StoredTensor,
  { source = "safetensors" }: { readonly source?: string } = {},
): HostTensor {
  const { name, dtype, shape } = tensor;
  const read = readers[dtype];
  if (read === undefined) {
    throw new FormatError(
      `${source}: tensor ${quote(name)}: received dtype ${dtype}. Expected one that float32, int32 or bool can hold: ` +
        `${Object.keys(readers).join(", ")}. Convert it before it is saved.`,
      { details: { tensor: name, dtype } },
    );
  }
  try {
    return { name, shape, ...read(tensor) };
  } catch (error) {
    if (!(error instanceof Misfit)) throw error;
    const { index, value, expected } = error;
    throw new FormatError(
      `${source}: tensor ${quote(name)}: received ${value} as element ${index} of ${dtype}. Expected ${expected}.`,
      { details: { tensor: name, dtype, index, value } },
    );
  }
}

/**
 * A tensor of this library as a file holds it; its bytes are a view of the data, but for float16.
 * @throws {DTypeError} when data and dtype do not fit, also for a bool that is neither 0 nor 1.
 * @throws {ShapeError} when data and shape do not fit.
 */
export function toStoredTensor({ name, dtype, shape, data }: HostTensor): StoredTensor {
  const stored = Object.hasOwn(STORED, dtype) ? STORED[dtype] : undefined;
  if (stored === undefined || !(data instanceof stored.array)) {
    throw new DTypeError(
      `safetensors: tensor ${quote(name)}: received ${describeValue(data)} of dtype ${describeValue(dtype)}. Expected ` +
        `${stored?.array.name ?? "one of float32, float16, int32, bool as dtype"}.`,
      { details: { tensor: name, dtype } },
    );
  }
  if (data.length !== sizeOf(shape)) {
    throw new ShapeError(
      `safetensors: tensor ${quote(name)}: received ${data.length} elements for shape ${formatShape(shape)}. Expected ` +
        `${sizeOf(shape)}.`,
      { details: { tensor: name, shape, received: data.length } },
    );
  }
  const odd = dtype === "bool" ? data.findIndex((value: number) => value > 1) : -1;
  if (odd >= 0) {
    throw new DTypeError(
      `safetensors: tensor ${quote(name)}: received ${data[odd]} as element ${odd} of bool. Expected 0 or 1.`,
      { details: { tensor: name, index: odd } },
    );
  }
  const bytes =
    dtype === "float16"
      ? halvesOfFloats(data)
      : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { name, dtype: stored.dtype, shape, bytes };
}

type Elements = Pick<HostTensor, "dtype" | "data">;

const float32 = (data: Float32Array): Elements => ({ dtype: "float32", data });
const int32 = (data: Int32Array): Elements => ({ dtype: "int32", data });

/** An element that the dtype here cannot hold. */
class Misfit extends Error {
  readonly index: number;
  readonly value: number | bigint;
  readonly expected: string;

  constructor(index: number, value: number | bigint, expected: string) {
    super(expected);
    this.index = index;
    this.value = value;
    this.expected = expected;
  }
}

interface ArrayClass<A> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): A;
}

/** The elements where they lie; copied where they are not aligned, which files of others may be. */
function arrayOf<A>({ bytes }: StoredTensor, Class: ArrayClass<A>): A {
  const size = Class.BYTES_PER_ELEMENT;
  const placed = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
  return new Class(placed.buffer, placed.byteOffset, placed.length / size);
}

/** As bits: the payload of a NaN does not survive a conversion of numbers on every machine. */
function float32OfBits(bits: Uint16Array, convert: (bits: number) => number): Elements {
  const words = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) words[i] = convert(bits[i] ?? 0);
  return float32(new Float32Array(words.buffer));
}

function float32OfDoubles(tensor: StoredTensor): Elements {
  const doubles = arrayOf(tensor, Float64Array);
  const data = Float32Array.from(doubles);
  const index = data.findIndex((value, i) => Math.abs(value) === Infinity && value !== doubles[i]);
  if (index < 0) return float32(data);
  throw new Misfit(index, doubles[index] ?? 0, "a value that float32 can hold, below 3.4e38");
}

function int32OfLarger(values: Uint32Array | BigInt64Array | BigUint64Array): Elements {
  const data = new Int32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    if (value > 0x7fffffff || value < -0x80000000) {
      throw new Misfit(i, value, "an integer from -2^31 to 2^31 - 1, which int32 can hold");
    }
    data[i] = Number(value);
  }
  return int32(data);
}

function boolOfBytes({ bytes }: StoredTensor): Elements {
  const index = bytes.findIndex((value) => value > 1);
  if (index < 0) return { dtype: "bool", data: bytes };
  throw new Misfit(index, bytes[index] ?? 0, "0 or 1");
}
