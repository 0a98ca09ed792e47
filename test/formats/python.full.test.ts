import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { encodeSafetensors, type HostTensor } from "../../src/formats/index.ts";
import { randomFloats, randomIds } from "../helpers/random-values.ts";

const reader = fileURLToPath(new URL("read-safetensors.py", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "sluice-python-"));

// Any Python 3 does, without packages. Without one, safetensors.test.ts still compares with files that Python wrote.
const hasPython = spawnSync("python3", ["--version"]).status === 0;
if (!hasPython) console.warn("python3 is not installed: what it would read is not tested.");

describe.skipIf(!hasPython)("a reader in Python, written from the rules alone,", () => {
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("opens what is written here", () => {
    const metadata = { format: "pt", "sluice.model": '{"a":[1,"ü"]}', __proto__2: "\n\u0001😀" };
    const tensors: HostTensor[] = [
      { name: "lstm/kernel", dtype: "float32", shape: [31, 17], data: randomFloats(31 * 17, 1) },
      { name: "lstm/bias", dtype: "float32", shape: [3], data: Float32Array.of(1e-45, -0, 3e38) },
      { name: "empty", dtype: "float32", shape: [0, 5], data: new Float32Array(0) },
      { name: "steps", dtype: "int32", shape: [], data: Int32Array.of(-(2 ** 31)) },
      { name: "ids", dtype: "int32", shape: [7, 11], data: randomIds(77, 2, 1000) },
      { name: "mask", dtype: "bool", shape: [5], data: Uint8Array.of(1, 0, 0, 1, 1) },
      { name: "\ufb01 before 😀", dtype: "bool", shape: [1], data: Uint8Array.of(1) },
      { name: "😀 __proto__ \\ \"'", dtype: "bool", shape: [1], data: Uint8Array.of(0) },
    ];
    const path = join(folder, "written.safetensors");
    writeFileSync(path, encodeSafetensors(tensors, metadata));
    const printed = JSON.parse(execFileSync("python3", [reader, path], { encoding: "utf8" }));

    expect(printed.metadata).toEqual(metadata);
    expect(printed.tensors.length).toBe(tensors.length);
    const stored = { float32: "F32", float16: "F16", int32: "I32", bool: "BOOL" } as const;
    for (const { name, dtype, shape, data } of tensors) {
      const found = printed.tensors.find((tensor: { name: string }) => tensor.name === name);
      expect(found).toMatchObject({ dtype: stored[dtype], shape });
      expect(found.values.map(numberOfHex)).toEqual([...data]);
    }
  });
});

/** The number that Python's `float.hex` writes: `-0x1.8p+1`. */
function numberOfHex(text: string): number {
  const [, sign = "", whole = "", fraction = "", exponent = ""] =
    /^(-?)0x(\d)\.([0-9a-f]+)p([+-]\d+)$/.exec(text) ?? [];
  const digits = Number.parseInt(whole + fraction, 16) / 16 ** fraction.length;
  return (sign === "-" ? -1 : 1) * digits * 2 ** Number(exponent);
}
