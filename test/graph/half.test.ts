import { describe, expect, test } from "vitest";
import { float32BitsOfHalf } from "../../src/graph/half.ts";

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
});
