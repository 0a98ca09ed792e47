import { ArgumentError } from "../errors.ts";
import { describeValue } from "../names/describe.ts";
import { isPlainObject } from "../names/plain-object.ts";
import { Dataset } from "./dataset.ts";

/** Datasets in a structure of lists and objects. */
export type DatasetStructure =
  | Dataset<unknown>
  | readonly DatasetStructure[]
  | { readonly [key: string]: DatasetStructure };

/** The structure with an element in place of each dataset. */
export type Zipped<S> = S extends Dataset<infer T> ? T : { -readonly [K in keyof S]: Zipped<S[K]> };

/**
 * Datasets side by side: element i has the i-th element of each, in the structure that was given. Ends with the
 * shortest; the others are closed then. Pass n reads pass n of each: two that come from one shuffled dataset stay
 * side by side.
 *
 * @param datasets Datasets in a list or an object, nested as you like.
 * @throws {ArgumentError} when there is something else in it, or no dataset at all.
 * @example
 * const xs = sl.data.array([[1, 2], [3, 4]]);
 * const ys = sl.data.array([0, 1]);
 * const training = sl.data.zip({ xs, ys }).batch(2); // { xs [2, 2], ys [2] }
 * @see TF.js `tf.data.zip`
 */
export function zip<const S extends DatasetStructure>(datasets: S): Dataset<Zipped<S>> {
  const parts: Dataset<unknown>[] = [];
  fill(datasets, (dataset) => parts.push(dataset));
  if (parts.length === 0) {
    throw new ArgumentError("data.zip: received no datasets. Expected at least one.");
  }
  const sizes = parts.map((part) => part.size);
  const size = sizes.reduce<number | null>(
    (least, one) => (least === null || one === null ? null : Math.min(least, one)),
    Infinity,
  );
  return new Dataset<unknown>((pass) => zipped(datasets, parts, pass), size) as Dataset<Zipped<S>>;
}

async function* zipped(
  structure: DatasetStructure,
  parts: readonly Dataset<unknown>[],
  pass: number,
): AsyncGenerator<unknown> {
  const iterators = parts.map((part) => part.pass(pass)[Symbol.asyncIterator]());
  try {
    for (;;) {
      const results = await Promise.all(iterators.map((iterator) => iterator.next()));
      if (results.some((result) => result.done === true)) return;
      let next = 0;
      yield fill(structure, () => results[next++]?.value);
    }
  } finally {
    await Promise.all(iterators.map((iterator) => iterator.return?.()));
  }
}

/** The structure with `valueFor` in place of each dataset, in order. */
function fill(structure: unknown, valueFor: (dataset: Dataset<unknown>) => unknown): unknown {
  if (structure instanceof Dataset) return valueFor(structure);
  if (Array.isArray(structure)) return structure.map((one) => fill(one, valueFor));
  if (isPlainObject(structure)) {
    const entries = Object.entries(structure);
    return Object.fromEntries(entries.map(([key, one]) => [key, fill(one, valueFor)]));
  }
  throw new ArgumentError(
    `data.zip: received ${describeValue(structure)}. Expected datasets in a list or an object, such as ` +
      "{ xs: data.array(…), ys: data.array(…) }.",
  );
}
