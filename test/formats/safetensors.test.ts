import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  DTypeError,
  FormatError,
  LimitError,
  ShapeError,
} from "../../src/errors.ts";
import {
  decodeSafetensors,
  encodeSafetensors,
  type HostTensor,
  type StoredDType,
  toHostTensor,
} from "../../src/formats/index.ts";
import { fileOf } from "./file-of.ts";
import { loadGoldenFiles, numbersOf } from "./golden-files.ts";

const float32 = (name: string, values: readonly number[], shape = [values.length]): HostTensor => ({
  name,
  dtype: "float32",
  shape,
  data: Float32Array.from(values),
});

/** A file with one tensor. */
function oneTensor(dtype: StoredDType, bytes: ArrayLike<number>, shape: number[]): Uint8Array {
  const offsets = [0, bytes.length];
  return fileOf(JSON.stringify({ w: { dtype, shape, data_offsets: offsets } }), bytes);
}

function hostOf(file: Uint8Array, name = "w"): HostTensor {
  const stored = decodeSafetensors(file).tensors.get(name);
  if (stored === undefined) throw new Error(`There is no tensor ${name}.`);
  return toHostTensor(stored);
}

describe("safetensors", () => {
  // Source of files and values: Python's struct and json, test/golden/safetensors_files.py.
  test.each(loadGoldenFiles("reference"))("writes $name as the reference does", (golden) => {
    const dtypes = { F32: "float32", I32: "int32", BOOL: "bool" } as const;
    const arrays = { F32: Float32Array, I32: Int32Array, BOOL: Uint8Array } as const;
    const tensors = golden.tensors.map(({ name, dtype, shape, values }) => {
      const key = dtype as keyof typeof dtypes;
      return { name, dtype: dtypes[key], shape, data: arrays[key].from(numbersOf(values)) };
    });
    const metadata = new Map(Object.entries(golden.metadata));
    expect(encodeSafetensors(tensors, metadata)).toEqual(golden.file);
    expect(encodeSafetensors(tensors.reverse(), metadata)).toEqual(golden.file);
  });

  test.each([...loadGoldenFiles("reference"), ...loadGoldenFiles("foreign")])(
    "opens $name",
    (golden) => {
      const { tensors, metadata } = decodeSafetensors(golden.file);
      expect(metadata).toEqual(new Map(Object.entries(golden.metadata)));
      expect([...tensors.keys()].sort()).toEqual(golden.tensors.map(({ name }) => name).sort());
      for (const { name, dtype, shape, values } of golden.tensors) {
        const stored = tensors.get(name);
        expect(stored).toMatchObject({ name, dtype, shape });
        if (dtype.startsWith("F8") || stored === undefined) continue;
        expect([...toHostTensor(stored).data]).toEqual(numbersOf(values));
      }
    },
  );

  test("hands out views of the file where they lie aligned, and copies elsewhere", () => {
    const file = encodeSafetensors([float32("w", [1, 2])]);
    expect(hostOf(file).data.buffer).toBe(file.buffer);
    const shifted = new Uint8Array(file.length + 1).subarray(1);
    shifted.set(file);
    expect(hostOf(shifted).data).toEqual(Float32Array.of(1, 2));
    expect(hostOf(shifted).data.buffer).not.toBe(file.buffer);
  });

  test("what is written comes back bit for bit, whatever the names", () => {
    const name = fc.string({ unit: "grapheme", maxLength: 12 });
    const data = fc.array(fc.float(), { maxLength: 9 });
    const content = fc.uniqueArray(fc.tuple(name, data), {
      selector: ([key]) => key,
      maxLength: 8,
    });
    fc.assert(
      fc.property(content, fc.dictionary(name, name), (parts, metadata) => {
        const tensors = parts.map(([key, values]) => float32(key, values));
        const opened = decodeSafetensors(encodeSafetensors(tensors, metadata));
        expect(opened.metadata).toEqual(new Map(Object.entries(metadata)));
        expect(opened.tensors.size).toBe(tensors.length);
        for (const { name, data } of tensors) {
          const stored = opened.tensors.get(name);
          expect(stored?.bytes).toEqual(new Uint8Array(data.buffer));
        }
      }),
      { numRuns: 200 },
    );
  });

  test("keeps the payload of a NaN, from float32, F16 and BF16", () => {
    const bits = (file: Uint8Array) => new Uint32Array(hostOf(file).data.slice().buffer)[0];
    expect(bits(oneTensor("F32", [1, 2, 0xa0, 0xff], [1]))).toBe(0xffa00201);
    expect(bits(oneTensor("BF16", [0xa1, 0xff], [1]))).toBe(0xffa10000);
    expect(bits(oneTensor("F16", [0x01, 0x7d], [1]))).toBe(0x7fa02000);
  });

  test("rounds F64 to the nearest float32", () => {
    const bytes = new Uint8Array(Float64Array.of(1 / 3, 1e-300, -Infinity).buffer);
    const data = hostOf(oneTensor("F64", bytes, [3])).data;
    expect(data).toEqual(Float32Array.of(Math.fround(1 / 3), 0, -Infinity));
  });
});

describe("elements that do not fit are refused:", () => {
  const int64 = (value: bigint) => new Uint8Array(BigInt64Array.of(1n, value).buffer);
  test.each([
    [
      "I64 above int32",
      oneTensor("I64", int64(2n ** 31n), [2]),
      /"w": received 2147483648 as element 1 of I64/,
    ],
    ["I64 below int32", oneTensor("I64", int64(-(2n ** 31n) - 1n), [2]), /received -2147483649/],
    ["U64", oneTensor("U64", int64(-1n), [2]), /received 18446744073709551615 as element 1/],
    ["U32", oneTensor("U32", [0, 0, 0, 0x80], [1]), /received 2147483648 as element 0 of U32/],
    [
      "F64",
      oneTensor("F64", new Uint8Array(Float64Array.of(1e39).buffer), [1]),
      /received 1e\+39 as element 0/,
    ],
    [
      "BOOL",
      oneTensor("BOOL", [0, 1, 2], [3]),
      /received 2 as element 2 of BOOL\. Expected 0 or 1/,
    ],
    [
      "F8_E4M3",
      oneTensor("F8_E4M3", [1], [1]),
      /received dtype F8_E4M3\. Expected one that float32/,
    ],
    ["C64", oneTensor("C64", new Uint8Array(8), [1]), /received dtype C64/],
  ])("%s", (_dtype, file, message) => {
    expect(() => hostOf(file)).toThrow(FormatError);
    expect(() => hostOf(file)).toThrow(message);
  });
});

describe("what cannot be written is refused:", () => {
  const w = float32("w", [1]);
  test.each([
    [
      "a name twice",
      [w, w],
      {},
      ArgumentError,
      /received "w" as name of a tensor, for the second time/,
    ],
    [
      "the name of the metadata",
      [{ ...w, name: "__metadata__" }],
      {},
      ArgumentError,
      /keeps for metadata/,
    ],
    ["half a surrogate pair", [{ ...w, name: "\ud800" }], {}, ArgumentError, /surrogate pair/],
    [
      "another size",
      [{ ...w, shape: [2] }],
      {},
      ShapeError,
      /received 1 elements for shape \[2\]\. Expected 2/,
    ],
    ["another dtype", [{ ...w, dtype: "int32" as const }], {}, DTypeError, /Expected Int32Array/],
    [
      "a bool of 2",
      [{ name: "b", dtype: "bool" as const, shape: [1], data: Uint8Array.of(2) }],
      {},
      DTypeError,
      /received 2 as element 0 of bool/,
    ],
    [
      "bytes of another size",
      [{ name: "h", dtype: "F16" as const, shape: [2], bytes: new Uint8Array(3) }],
      {},
      ShapeError,
      /received 3 bytes for shape \[2\] of F16\. Expected 4 bytes/,
    ],
    [
      "a negative size",
      [{ name: "h", dtype: "F16" as const, shape: [-1], bytes: new Uint8Array(0) }],
      {},
      ShapeError,
      /sizes that are whole/,
    ],
    [
      "metadata of another type",
      [w],
      { a: 5 as unknown as string },
      ArgumentError,
      /metadata "a": received 5\. Expected a string/,
    ],
    ["metadata without end", [w], { a: "\udc00" }, ArgumentError, /half a surrogate pair/],
  ])("%s", (_what, tensors, metadata, type, message) => {
    expect(() => encodeSafetensors(tensors, metadata)).toThrow(type);
    expect(() => encodeSafetensors(tensors, metadata)).toThrow(message);
  });

  test("a header beyond the limit", () => {
    const text = "x".repeat(100_000_000);
    expect(() => encodeSafetensors([], { text })).toThrow(LimitError);
  });
});
