import { describe, expect, test } from "vitest";
import { float32BitsOfHalf, halfBitsOfFloat32, halvesOfFloats } from "../../src/graph/half.ts";

/** IEEE 754-2019, §3.4, binary16: (-1)^s · 2^(e-15) · (1 + f/1024), subnormal (-1)^s · 2^-14 · f/1024. */
function valueOfHalf(half: number): number {
  const sign = half >= 0x8000 ? -1 : 1;
  const exponent = Math.floor(half / 1024) % 32;
  const fraction = half % 1024;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  const magnitude =
    exponent === 0 ? (fraction / 1024) * 2 ** -14 : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return sign * magnitude;
}

describe("half floats", () => {
  test("all 65,536 widen exactly, signs of zeros and NaN included", () => {
    const words = Uint32Array.from({ length: 65_536 }, (_, half) => float32BitsOfHalf(half));
    const floats = new Float32Array(words.buffer);
    const wrong = [...floats.keys()].filter((half) => !Object.is(floats[half], valueOfHalf(half)));
    expect(wrong).toEqual([]);
  });

  test("a NaN keeps its sign and payload", () => {
    expect(float32BitsOfHalf(0xfe01) >>> 0).toBe(0xffc02000);
    expect(float32BitsOfHalf(0x7c01) >>> 0).toBe(0x7f802000);
  });

  test("each float32 goes to the nearest half, the even one of two", () => {
    const finite = Array.from({ length: 0x7c00 }, (_, half) => valueOfHalf(half));
    const wrong: number[] = [];
    const word = (x: number): number => new Uint32Array(Float32Array.of(x).buffer)[0] ?? 0;
    const check = (bits: number, half: number): void => {
      for (const sign of [0, 0x8000]) {
        const found = halfBitsOfFloat32((bits | (sign << 16)) >>> 0);
        if (found !== (half | sign)) wrong.push(bits);
      }
    };
    finite.forEach((x, half) => {
      // After 65504 a half would come 65536: from the middle on it is infinity.
      const middle = word((x + (finite[half + 1] ?? 65_536)) / 2);
      check(word(x), half);
      check(middle - 1, half);
      check(middle, half + (half % 2));
      check(middle + 1, half + 1);
    });
    expect(wrong).toEqual([]);
    expect(halfBitsOfFloat32(0x7f800000)).toBe(0x7c00);
    expect(halfBitsOfFloat32(0x7f800001)).toBe(0x7e00);
    expect(halfBitsOfFloat32(0xffc02000)).toBe(0xfe01);
  });

  test("a float64 is rounded once", () => {
    // Just over the middle of 1 and 1 + 2^-10; as a float32 it is the middle, which would go to the even 1.
    const x = 1 + 2 ** -11 + 2 ** -40;
    expect([...new Uint16Array(halvesOfFloats([x, 1, -0]).buffer)]).toEqual([
      0x3c01, 0x3c00, 0x8000,
    ]);
  });
});
