import { readFileSync } from "node:fs";

/** A file that Python wrote, and what it wrote into it. */
export interface GoldenFile {
  readonly name: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: readonly {
    readonly name: string;
    readonly dtype: string;
    readonly shape: readonly number[];
    /** JSON has no `inf` and `nan`. */
    readonly values: readonly (number | string)[];
  }[];
  readonly file: Uint8Array;
}

interface Stored {
  readonly reference: readonly (Omit<GoldenFile, "file"> & { readonly file: string })[];
  readonly foreign: Stored["reference"];
}

/** The files of test/golden/safetensors.json; test/golden/safetensors_files.py makes them. */
export function loadGoldenFiles(group: keyof Stored): GoldenFile[] {
  const path = new URL("../golden/safetensors.json", import.meta.url);
  const stored = JSON.parse(readFileSync(path, "utf8")) as Stored;
  return stored[group].map((golden) => ({
    ...golden,
    file: new Uint8Array(Buffer.from(golden.file, "base64")),
  }));
}

const SPECIAL: Readonly<Record<string, number>> = {
  inf: Infinity,
  "-inf": -Infinity,
  nan: Number.NaN,
};

/** The values of a golden tensor as numbers. */
export function numbersOf(values: readonly (number | string)[]): number[] {
  return values.map((value) => (typeof value === "string" ? (SPECIAL[value] ?? 0) : value));
}
