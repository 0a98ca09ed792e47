import type { AnyLayer } from "../layers/layer.ts";
import { asList } from "../layers/symbolic.ts";
import { compile, type Tensor } from "../tensor/index.ts";
import { rowsOf } from "./batches/data.ts";
import { Joiner } from "./joiner.ts";

/** Runs a model forward over many samples, batch by batch. */
export class Predictor {
  readonly #model: AnyLayer;
  readonly #forward = compile((...inputs: Tensor[]) => {
    const [first] = inputs;
    const given = inputs.length === 1 && first !== undefined ? first : inputs;
    return [...asList(this.#model.apply(given, { training: false }) as Tensor | Tensor[])];
  });
  readonly #joiner = new Joiner(0);

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
    return outputs.map((parts) => this.#joiner.join(parts));
  }

  dispose(): void {
    this.#forward.dispose();
    this.#joiner.dispose();
  }
}
