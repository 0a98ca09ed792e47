import { describe, expect, test } from "vitest";
import { FormatError } from "../../src/errors.ts";
import { decodeSafetensors } from "../../src/formats/index.ts";
import { doctorings } from "./doctorings.ts";
import { fileOf } from "./file-of.ts";
import { openDoctoredFiles } from "./fuzz.ts";

describe("a file that breaks a rule is refused:", () => {
  const w = '"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}';
  const of = (header: string, data: number[] = [7]) => fileOf(header, data);
  const rows: readonly (readonly [rule: string, file: Uint8Array, message: RegExp])[] = [
    ["too short for a length", new Uint8Array(7), /received 7 bytes\. Expected at least the 8/],
    [
      "a header beyond the file",
      of(`{${w}}`).subarray(0, 30),
      /byte 0: received 53 as length of the header\. Expected at most 22/,
    ],
    [
      "a length of ones",
      new Uint8Array(16).fill(255),
      /received 18446744073709551615 .* at most 8/,
    ],
    [
      "a header beyond the limit",
      longHeader(),
      /received 100000001 .* at most 100000000, the most/,
    ],
    [
      "a page of HTML",
      new TextEncoder().encode("<!doctype html>"),
      /HTML: the address may be wrong/,
    ],
    [
      "a TF.js model.json",
      new TextEncoder().encode('{"modelTopology": {}}'),
      /model\.json has its weights/,
    ],
    ["an archive", new TextEncoder().encode("PK\x03\x04 some archive"), /zip archive, as \.keras/],
    ["an empty header", of("", []), /received an empty header\. Expected "\{"/],
    [
      "a header that begins with a space",
      of(" {}", []),
      /byte 8 \(header\): received byte 0x20\. Expected "\{"/,
    ],
    ["a byte order mark", of("\ufeff{}", []), /received byte 0xef/],
    [
      "bytes that are no UTF-8",
      Uint8Array.of(4, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x22, 0xff, 0x7d),
      /not UTF-8/,
    ],
    [
      "text behind the header",
      of(`{${w}}x`),
      /byte 61 \(header\): received "x"\. Expected nothing but spaces/,
    ],
    ["a header without end", of(`{${w}`), /received the end of the header\. Expected "\}"/],
    ["a string without end", of('{"w', []), /byte 9 \(header\): received a string without end/],
    ["a wrong escape", of('{"\\x":{}}', []), /wrong escape/],
    ["half a surrogate pair", of('{"\\ud800":{}}', []), /half a surrogate pair/],
    [
      "a name twice",
      of(`{${w},"ü":{"dtype":"U8","shape":[0],"data_offsets":[1,1]},${w}}`),
      /byte 114 \(header\): received "w" for the second time/,
    ],
    ["a name twice, in escapes", of(`{${w},"\\u0077":{}}`), /"w" for the second time/],
    ["a field twice", of('{"w":{"dtype":"U8","dtype":"U8"}}'), /"dtype" for the second time/],
    ["an unknown field", of('{"w":{"type":"U8"}}'), /received the key "type" in tensor "w"/],
    [
      "a missing field",
      of('{"w":{"dtype":"U8","shape":[1]}}'),
      /tensor "w" without all of it\. Expected dtype, shape and data_offsets/,
    ],
    [
      "one offset",
      of('{"w":{"dtype":"U8","shape":[1],"data_offsets":[0]}}'),
      /data_offsets \[begin, end\]/,
    ],
    [
      "three offsets",
      of(`{${w.replace("0,1", "0,1,2")}}`),
      /received 3 data_offsets in tensor "w"/,
    ],
    [
      "an unknown dtype",
      of(`{${w.replace("U8", "u8x")}}`),
      /received "u8x" as dtype of tensor "w".*the nearest is U8/,
    ],
    [
      "a dtype of every object",
      of(`{${w.replace("U8", "toString")}}`),
      /received "toString" as dtype/,
    ],
    [
      "a negative size",
      of(`{${w.replace("[1]", "[-1]")}}`),
      /received -1\. Expected a count of shape of tensor "w"/,
    ],
    [
      "a fraction",
      of(`{${w.replace("0,1]", "0,1.0]")}}`),
      /received 1\.0\. Expected a count of data_offsets/,
    ],
    [
      "a size beyond 2^53",
      of(`{${w.replace("[1]", "[9007199254740992]")}}`),
      /received 9007199254740992/,
    ],
    [
      "a product beyond 2^53",
      of(`{${w.replace("[1]", "[2147483648,4294967296]")}}`),
      /no countable number of bytes/,
    ],
    ["half a byte", of(`{${w.replace("U8", "F4")}}`), /no countable number of bytes/],
    [
      "offsets of another size",
      of(`{${w.replace("[1]", "[2]")}}`),
      /tensor "w": received data_offsets \[0, 1\]\. Expected a range as large as its shape \[2\] of U8: 2 bytes/,
    ],
    ["offsets turned round", of(`{${w.replace("0,1", "1,0")}}`), /received data_offsets \[1, 0\]/],
    ["a hole", of(`{${w.replace("0,1", "1,2")}}`, [7, 7]), /begin at 0.*no holes/],
    ["an overlap", of(`{${w},${w.replace("w", "v")}}`), /begin at 1.*no overlaps/],
    ["data that is cut off", of(`{${w}}`, []), /received 0 bytes of data\. Expected 1.*cut off/],
    [
      "data behind the tensors",
      of(`{${w}}`, [7, 8]),
      /received 2 bytes of data\. Expected 1.*goes on/,
    ],
    [
      "metadata of another type",
      of('{"__metadata__":{"a":5}}', []),
      /received "5"\. Expected a string as "a" of __metadata__/,
    ],
    [
      "metadata that is no object",
      of('{"__metadata__":null}', []),
      /received "n"\. Expected "\{" \(__metadata__\)/,
    ],
    ["deep nesting", of(`{"w":${"[".repeat(100_000)}`), /received "\["/],
    [
      "a number of a million digits",
      of(`{${w.replace("[1]", `[${"9".repeat(1e6)}]`)}}`),
      /received 9{40}\. Expected/,
    ],
  ];
  function longHeader(): Uint8Array {
    const file = new Uint8Array(100_000_100);
    new DataView(file.buffer).setBigUint64(0, 100_000_001n, true);
    return file;
  }

  test.each(rows)("%s", (_rule, file, message) => {
    expect(() => decodeSafetensors(file)).toThrow(FormatError);
    expect(() => decodeSafetensors(file)).toThrow(message);
    expect(() => decodeSafetensors(file, { source: "a.safetensors" })).toThrow(/^a\.safetensors: /);
  });

  test("a long name is cut in the message", () => {
    const file = fileOf(`{"${"x".repeat(1e6)}":5}`);
    const message = (() => {
      try {
        decodeSafetensors(file);
      } catch (error) {
        return String(error);
      }
      return "";
    })();
    expect(message).toMatch(/x{80}…/);
    expect(message.length).toBeLessThan(300);
  });

  test("and one that claims terabytes allocates nothing", () => {
    const tera = 2 ** 40;
    const entry = { dtype: "U8", shape: [tera], data_offsets: [0, tera] };
    expect(() => decodeSafetensors(fileOf(JSON.stringify({ w: entry })))).toThrow(
      /received 0 bytes of data\. Expected 1099511627776/,
    );
  });

  test("400 doctored files, each as an independent checker has it", () => {
    const tallies = [...openDoctoredFiles({ cases: 400, seed: 20_260_801 })];
    const valid = tallies.reduce((sum, [, tally]) => sum + tally.valid, 0);
    expect(tallies.length).toBe(Object.keys(doctorings).length);
    expect(valid).toBeGreaterThan(40);
    expect(valid).toBeLessThan(200);
  });
});
