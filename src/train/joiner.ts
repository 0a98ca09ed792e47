import { compile, concat, type Tensor } from "../tensor/index.ts";

/** Parts that are joined at once: few enough for a plan that compiles quickly. */
const JOINED_AT_ONCE = 16;

/** Joins any number of results along an axis, in compiled steps. */
export class Joiner {
  readonly #join;

  constructor(axis: number) {
    this.#join = compile((...parts: Tensor[]) => concat(parts, axis));
  }

  /** One tensor of all parts; the parts end. */
  join(parts: readonly Tensor[]): Tensor {
    const [only] = parts;
    if (parts.length === 1 && only !== undefined) return only;
    const joined: Tensor[] = [];
    for (let start = 0; start < parts.length; start += JOINED_AT_ONCE) {
      const some = parts.slice(start, start + JOINED_AT_ONCE);
      joined.push(this.#join(...some));
      for (const part of some) part.dispose();
    }
    return this.join(joined);
  }

  dispose(): void {
    this.#join.dispose();
  }
}
