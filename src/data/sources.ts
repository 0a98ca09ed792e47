import { ArgumentError, SluiceError } from "../errors.ts";
import { describeValue } from "../names/describe.ts";
import { Dataset } from "./dataset.ts";

/** What the function of `data.generator` may give: anything that can be iterated, or an iterator itself. */
export type ElementSource<T> = Iterator<T> | AsyncIterator<T> | Iterable<T> | AsyncIterable<T>;

/**
 * The elements of an array. It is not copied: what you change in it before the next pass shows.
 *
 * @param items Any list: of numbers, of arrays, of `{ xs, ys }`; a typed array gives its numbers.
 * @throws {ArgumentError} when it is no list.
 * @example
 * const batches = sl.data.array([[1, 2], [3, 4], [5, 6]]).batch(2); // tensors [2, 2] and [1, 2]
 * @see TF.js `tf.data.array`
 */
export function array<T>(items: ArrayLike<T>): Dataset<T> {
  if (!Array.isArray(items) && !ArrayBuffer.isView(items)) {
    throw new ArgumentError(
      `data.array: received ${describeValue(items)}. Expected an array of elements.`,
    );
  }
  return new Dataset(async function* () {
    for (let i = 0; i < items.length; i++) yield items[i] as T;
  }, items.length);
}

/**
 * The elements that a generator gives. The function is called at the start of every pass, with the number of the pass,
 * from 0; a pass that is not read to its end calls the generator's `return()`.
 *
 * @param make A generator function (`function*`, `async function*`), or a function that gives an iterator or an
 *   iterable, or a promise of one. Let what it draws at random depend on the number of the pass, and a pass can be
 *   read again.
 * @throws {SluiceError} of code `"generator"` while reading, when the generator throws: the message says after how
 *   many elements, `cause` is what it threw.
 * @example
 * const squares = sl.data.generator(function* () {
 *   for (let i = 0; i < 5; i++) yield { xs: [i], ys: i * i };
 * });
 * await squares.batch(5).toArray(); // xs [5, 1], ys [5]
 * @see TF.js `tf.data.generator`
 */
export function generator<T>(
  make: (pass: number) => ElementSource<T> | Promise<ElementSource<T>>,
): Dataset<T> {
  if (typeof make !== "function") {
    throw new ArgumentError(
      `data.generator: received ${describeValue(make)}. Expected a function that gives an iterator, such as a ` +
        "generator function: call data.generator(f), not data.generator(f()).",
    );
  }
  return new Dataset((pass) => generated(() => make(pass)), null);
}

/**
 * Without end, what a function gives: called anew for every element. For live sources; `take(n)` ends it.
 *
 * @example
 * const noise = sl.data.func(() => Math.random()).take(100).batch(10);
 * @see TF.js `tf.data.func`
 */
export function func<T>(make: () => T | Promise<T>): Dataset<T> {
  if (typeof make !== "function") {
    throw new ArgumentError(
      `data.func: received ${describeValue(make)}. Expected a function that gives an element.`,
    );
  }
  return new Dataset(async function* () {
    for (;;) yield await make();
  }, Infinity);
}

async function* generated<T>(
  make: () => ElementSource<T> | Promise<ElementSource<T>>,
): AsyncGenerator<T> {
  let count = 0;
  let isOpen = false;
  const guarded = async <R>(action: () => R | Promise<R>): Promise<R> => {
    try {
      return await action();
    } catch (cause) {
      isOpen = false;
      const reason = cause instanceof Error ? `: ${cause.message}` : "";
      const elements = count === 1 ? "1 element" : `${count} elements`;
      throw new SluiceError(
        "generator",
        `data.generator: the generator threw after ${elements}${reason}`,
        { cause, details: { elements: count } },
      );
    }
  };
  const iterator = iteratorOf(await guarded(make));
  isOpen = true;
  try {
    for (;;) {
      const result: unknown = await guarded(() => iterator.next());
      if (typeof result !== "object" || result === null) {
        throw new ArgumentError(
          `data.generator: next() gave ${describeValue(result)} after ${count} elements. Expected { value, done }.`,
        );
      }
      const { done, value } = result as IteratorResult<T>;
      if (done === true) {
        isOpen = false;
        return;
      }
      yield value;
      count++;
    }
  } finally {
    if (isOpen) await iterator.return?.();
  }
}

function iteratorOf<T>(given: ElementSource<T>): Iterator<T> | AsyncIterator<T> {
  if (typeof given === "object" && given !== null) {
    if ("next" in given && typeof given.next === "function") return given;
    if (Symbol.asyncIterator in given) return given[Symbol.asyncIterator]();
    if (Symbol.iterator in given) return given[Symbol.iterator]();
  }
  throw new ArgumentError(
    `data.generator: the function gave ${describeValue(given)}. Expected an iterator, or something to iterate.`,
  );
}
