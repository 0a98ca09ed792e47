import type { AnyLayer } from "../layers/layer.ts";
import { asList } from "../layers/symbolic.ts";
import { ops } from "../ops/index.ts";
import { compile, Tensor } from "../tensor/index.ts";
import { rowsOf } from "./batches/data.ts";

/** Results that are joined at once: few enough for a plan that compiles quickly. */
const JOINED_AT_ONCE = 16;

/** Runs a model forward over many samples, batch by batch. */
export class Predictor {
  readonly #model: AnyLayer;
  readonly #forward = compile((...inputs: Tensor[]) => {
    const [first] = inputs;
    const given = inputs.length === 1 && first !== undefined ? first : inputs;
    return [...asList(this.#model.apply(given, { training: false }) as Tensor | Tensor[])];
  });
  readonly #join = compile((...parts: Tensor[]) =>
    Tensor.of(
      ops.concat(
        parts.map((part) => part.value),
        0,
      ),
    ),
  );

  constructor(model: AnyLayer) {
    this.#model = model;
  }

  /** Enqueues all batches at once; the results of one output are one tensor. */
  predict(inputs: readonly Tensor[], rows: number, batchSize: number): Tensor[] {
    const outputs: Tensor[][] = [];
    for (let start = 0; start < rows; start += batchSize) {
      const count = Math.min(batchSize, rows - start);
      const batch = inputs.map((input) => rowsOf(input, start, count));
      this.#forward(...batch).forEach((result, i) => {
        const parts = outputs[i] ?? [];
        parts.push(result);
        outputs[i] = parts;
      });
      for (const part of batch) part.dispose();
    }
    return outputs.map((parts) => this.#joinAll(parts));
  }

  dispose(): void {
    this.#forward.dispose();
    this.#join.dispose();
  }

  /** One tensor of all rows; the parts end. */
  #joinAll(parts: readonly Tensor[]): Tensor {
    const [only] = parts;
    if (parts.length === 1 && only !== undefined) return only;
    const joined: Tensor[] = [];
    for (let start = 0; start < parts.length; start += JOINED_AT_ONCE) {
      const some = parts.slice(start, start + JOINED_AT_ONCE);
      joined.push(this.#join(...some));
      for (const part of some) part.dispose();
    }
    return this.#joinAll(joined);
  }
}
