import { describe, expect, test } from "vitest";
import { cutIntoArenas, layOut, memberBytes } from "../../src/graph/arena-layout.ts";
import { specOf } from "../../src/graph/spec.ts";

const members = [1, 64, 65, 0, 128].map((size) => specOf([size]));

describe("arena layout", () => {
  test("begins each member at a multiple of 256 bytes, empty ones too", () => {
    expect(members.map(memberBytes)).toEqual([256, 256, 512, 256, 512]);
    expect(layOut(members)).toEqual({ offsets: [0, 256, 512, 1024, 1280], bytes: 1792 });
    expect(layOut([])).toEqual({ offsets: [], bytes: 0 });
  });

  test("cuts a list where the next member would not fit; a larger one is alone", () => {
    expect(cutIntoArenas(members, 1024)).toEqual([
      [0, 1, 2],
      [3, 4],
    ]);
    expect(cutIntoArenas(members, 256)).toEqual([[0], [1], [2], [3], [4]]);
    expect(cutIntoArenas(members, 1792)).toEqual([[0, 1, 2, 3, 4]]);
    expect(cutIntoArenas(members)).toEqual([[0, 1, 2, 3, 4]]);
    expect(cutIntoArenas([])).toEqual([]);
  });
});
