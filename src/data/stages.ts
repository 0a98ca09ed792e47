// What lies between a dataset and the next. Whoever ends early gets its source closed: `for await` does that.

/** The first `count` elements; the source is closed with the last of them, and not opened for none. */
export async function* taken<T>(source: AsyncIterable<T>, count: number): AsyncGenerator<T> {
  if (count === 0) return;
  let left = count;
  for await (const value of source) {
    yield value;
    if (--left === 0) return;
  }
}

/** All but the first `count` elements. */
export async function* skipped<T>(source: AsyncIterable<T>, count: number): AsyncGenerator<T> {
  let left = count;
  for await (const value of source) {
    if (left > 0) left--;
    else yield value;
  }
}

/** The elements of `rounds` passes. A round without elements is the last: endless rounds of nothing would hang. */
export async function* repeated<T>(
  passOf: (round: number) => AsyncIterable<T>,
  rounds: number,
): AsyncGenerator<T> {
  for (let round = 0; round < rounds; round++) {
    let isEmpty = true;
    for await (const value of passOf(round)) {
      isEmpty = false;
      yield value;
    }
    if (isEmpty) return;
  }
}

/** Keeps `count` requests open at the source, so that it works while the consumer does. */
export async function* prefetched<T>(source: AsyncIterable<T>, count: number): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]();
  const pending: Promise<IteratorResult<T>>[] = [];
  const request = (): void => {
    const result = iterator.next();
    // A failure is thrown where its element would have come; one that nobody gets to is no unhandled rejection.
    result.catch(() => {});
    pending.push(result);
  };
  try {
    for (let i = 0; i < count; i++) request();
    for (;;) {
      const result = await pending.shift();
      if (result === undefined || result.done === true) return;
      request();
      yield result.value;
    }
  } finally {
    await iterator.return?.();
  }
}

/**
 * Each element put through `transform`. Not a generator, which would finish one call before it begins the next:
 * requests made at once (by `prefetched`) run at once.
 */
export function mappedAsync<T, O>(
  source: AsyncIterable<T>,
  transform: (value: T) => Promise<O>,
): AsyncIterableIterator<O> {
  const iterator = source[Symbol.asyncIterator]();
  const close = async (): Promise<IteratorResult<O>> => {
    await iterator.return?.();
    return { done: true, value: undefined };
  };
  return {
    async next() {
      const result = await iterator.next();
      if (result.done === true) return { done: true, value: undefined };
      try {
        return { done: false, value: await transform(result.value) };
      } catch (error) {
        // Nobody closes an iterator whose next() failed.
        await close();
        throw error;
      }
    },
    return: close,
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
