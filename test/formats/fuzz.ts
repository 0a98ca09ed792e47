import { FormatError } from "../../src/errors.ts";
import { decodeSafetensors, toHostTensor } from "../../src/formats/index.ts";
import { doctoredFile } from "./doctored-files.ts";
import { doctorings } from "./doctorings.ts";
import { checkPlainly, type PlainContent } from "./plain-checker.ts";

/** How many files of a kind were still files of the format, and how many were not. */
export interface Tally {
  valid: number;
  refused: number;
}

/**
 * Opens doctored files. Each has to give exactly what the plain checker found, or a `FormatError` where it found
 * nothing; whatever else happens is thrown, with the number that makes the file again.
 */
export function openDoctoredFiles({
  cases,
  seed,
}: {
  cases: number;
  seed: number;
}): Map<string, Tally> {
  const tallies = new Map(Object.keys(doctorings).map((kind) => [kind, { valid: 0, refused: 0 }]));
  for (let i = 0; i < cases; i++) {
    const { kind, file } = doctoredFile(seed + i);
    const tally = tallies.get(kind);
    if (tally === undefined) throw new Error(`There is no kind "${kind}".`);
    // A view into more memory, unaligned: nothing may depend on where a file begins.
    const placed = new Uint8Array(file.length + 11).subarray(3, 3 + file.length);
    placed.set(file);
    const expected = checkPlainly(file);
    const difference = openAndCompare(placed, expected);
    if (difference !== null) {
      const start = file.subarray(0, 600).toString("latin1");
      throw new Error(`doctoredFile(${seed + i}), ${kind}: ${difference}\n${start}`);
    }
    tally[expected === null ? "refused" : "valid"]++;
  }
  return tallies;
}

/** Null where the file gave what was expected; else what was wrong. */
function openAndCompare(file: Uint8Array, expected: PlainContent | null): string | null {
  let opened: ReturnType<typeof decodeSafetensors>;
  try {
    opened = decodeSafetensors(file);
  } catch (error) {
    if (!(error instanceof FormatError)) return `not a FormatError: ${error}`;
    if (error.message.length > 1000) return `a message of ${error.message.length} characters`;
    return expected === null ? null : `refused, but it is valid: ${error.message}`;
  }
  if (expected === null) return "opened, but it breaks a rule";
  if (!sameMaps(opened.metadata, expected.metadata, (a, b) => a === b)) return "other metadata";
  const isSame = sameMaps(opened.tensors, expected.tensors, (a, b) => {
    const sameShape = a.shape.join() === b.shape.join();
    return a.dtype === b.dtype && sameShape && Buffer.compare(a.bytes, b.bytes) === 0;
  });
  if (!isSame) return "other tensors";
  for (const tensor of opened.tensors.values()) {
    try {
      const { data, shape } = toHostTensor(tensor);
      if (data.length !== shape.reduce((size, dim) => size * dim, 1))
        return "another number of elements";
    } catch (error) {
      if (!(error instanceof FormatError)) return `on conversion, not a FormatError: ${error}`;
    }
  }
  return null;
}

function sameMaps<A, B>(
  a: ReadonlyMap<string, A>,
  b: ReadonlyMap<string, B>,
  isSame: (a: A, b: B) => boolean,
): boolean {
  return (
    a.size === b.size &&
    [...a].every(([key, value]) => {
      const other = b.get(key);
      return other !== undefined && isSame(value, other);
    })
  );
}
