import type { TypedArray } from "../graph/dtype.ts";
import type { NestedArray, Tensor } from "../tensor/index.ts";
import { collate } from "./collate.ts";

/** What becomes one tensor in a batch. */
type Leaf = Tensor | NestedArray | TypedArray | Float64Array | Field | readonly Field[];

/** What may turn out to be a number, as the fields of a CSV row. */
type Field = number | boolean | string | undefined | null;

/** An element once it is batched: tensors where numbers were. */
export type Batched<T> = T extends Leaf
  ? Tensor
  : T extends object
    ? { -readonly [K in keyof T]: Batched<T[K]> }
    : unknown;

/** Groups of `size` elements, stacked. What is left over comes as a smaller group where `keepsRest`. */
export async function* batches<T>(
  source: AsyncIterable<T>,
  size: number,
  keepsRest: boolean,
): AsyncGenerator<Batched<T>> {
  let rows: T[] = [];
  let first = 0;
  for await (const row of source) {
    rows.push(row);
    if (rows.length < size) continue;
    yield collate(rows, first) as Batched<T>;
    first += size;
    rows = [];
  }
  if (keepsRest && rows.length > 0) yield collate(rows, first) as Batched<T>;
}
