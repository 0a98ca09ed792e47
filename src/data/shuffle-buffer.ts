import { threefry } from "../ops/random-bits.ts";

/**
 * The elements in random order, with at most `bufferSize` of them in memory.
 * @param key Seed and number of the pass: the same pair gives the same order.
 */
export async function* shuffled<T>(
  source: AsyncIterable<T>,
  bufferSize: number,
  key: readonly [number, number],
): AsyncGenerator<T> {
  const buffer: T[] = [];
  let drawn = 0;
  const draw = (): T => {
    const [bits] = threefry(key, [drawn++, 0]);
    const place = bits % buffer.length;
    const last = buffer.length - 1;
    const value = buffer[place] as T;
    buffer[place] = buffer[last] as T;
    buffer.length = last;
    return value;
  };
  for await (const value of source) {
    buffer.push(value);
    if (buffer.length === bufferSize) yield draw();
  }
  while (buffer.length > 0) yield draw();
}
