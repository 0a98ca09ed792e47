/**
 * A model that counts: which characters followed which up to `order` characters in the text that it was made of, smoothed
 * by Witten and Bell's interpolation (Witten and Bell 1991, doi:10.1109/18.87000, method C; as a recursion Chen and
 * Goodman 1999, doi:10.1006/csla.1999.0128, section 2.5). With c(h) the times that the context h was followed by
 * anything, d(h) the number of different characters among these, and h' the context h without its first character:
 *
 *     p(x | h) = (c(h x) + d(h) · p(x | h')) / (c(h) + d(h))
 *
 * Below no context at all stands 1 / characters; a context that never was says what the shorter one says.
 */
export class CountModel {
  readonly order: number;
  readonly #characters: number;
  readonly #tables: readonly Table[];

  /**
   * @param ids The text, as whole numbers below 128.
   * @param options.order Characters of the longest context, at most 6.
   * @param options.characters How many different characters there are at all.
   */
  constructor(
    ids: ArrayLike<number>,
    { order, characters }: { order: number; characters: number },
  ) {
    this.order = order;
    this.#characters = characters;
    this.#tables = Array.from({ length: order + 1 }, (_, length) => countContexts(ids, length));
  }

  /**
   * What was said of character `position` of a text, knowing those before it: its probability by the model of order 0, of
   * order 1, and so on. There have to be `order` characters before it.
   */
  probabilities(ids: ArrayLike<number>, position: number): number[] {
    const id = ids[position] ?? Number.NaN;
    let shorter = 1 / this.#characters;
    return this.#tables.map(({ contexts, continuations }, length) => {
      const context = contextKey(ids, position, length);
      const seen = contexts.get(context);
      if (seen === undefined) return shorter;
      const count = continuations.get(context * RADIX + id) ?? 0;
      shorter = (count + seen.distinct * shorter) / (seen.count + seen.distinct);
      return shorter;
    });
  }
}

/**
 * Bits per character of the models of order 0 to `model.order` on the end of a text: the mean of -log₂ of the
 * probability of each character from position `from` on.
 */
export function countModelBits(model: CountModel, ids: ArrayLike<number>, from: number): number[] {
  const bits = new Array<number>(model.order + 1).fill(0);
  for (let position = from; position < ids.length; position++) {
    model.probabilities(ids, position).forEach((probability, order) => {
      bits[order] = (bits[order] ?? 0) - Math.log2(probability);
    });
  }
  return bits.map((sum) => sum / (ids.length - from));
}

/** What followed the contexts of one length. */
interface Table {
  readonly contexts: ReadonlyMap<number, Seen>;
  /** Times that a context was followed by a character, by `context · 128 + id`. */
  readonly continuations: ReadonlyMap<number, number>;
}

interface Seen {
  count: number;
  distinct: number;
}

/** Ids are digits of this radix; a context of six and what follows is below 2⁴⁹, so a number holds it exactly. */
const RADIX = 128;

function countContexts(ids: ArrayLike<number>, length: number): Table {
  const contexts = new Map<number, Seen>();
  const continuations = new Map<number, number>();
  for (let position = length; position < ids.length; position++) {
    const context = contextKey(ids, position, length);
    const seen = contexts.get(context) ?? { count: 0, distinct: 0 };
    const continuation = context * RADIX + (ids[position] ?? Number.NaN);
    const count = continuations.get(continuation) ?? 0;
    if (count === 0) seen.distinct++;
    seen.count++;
    contexts.set(context, seen);
    continuations.set(continuation, count + 1);
  }
  return { contexts, continuations };
}

/** The `length` characters before a position as one number. */
function contextKey(ids: ArrayLike<number>, position: number, length: number): number {
  let key = 0;
  for (let i = position - length; i < position; i++) key = key * RADIX + (ids[i] ?? Number.NaN);
  return key;
}
