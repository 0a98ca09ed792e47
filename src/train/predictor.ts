import type { AnyLayer } from "../layers/layer.ts";
import { asList } from "../layers/symbolic.ts";
import { compile, Tensor } from "../tensor/index.ts";
import { ops } from "../ops/index.ts";
import { rowsOf } from "./data.ts";

/** Runs a model forward over many samples, batch by batch. */
export class Predictor {
  readonly #model: AnyLayer;
  readonly #forward = compile((...inputs: Tensor[]) => {
    const [first] = inputs;
    const given = inputs.length === 1 && first !== undefined ? first : inputs;
    return [...asList(this.#model.apply(given, { training: false }) as Tensor | Tensor[])];
  });

  constructor(model: AnyLayer) {
    this.#model = model;
  }

  /** Enqueues all batches at once; the results of one output are one tensor. */
  predict(inputs: readonly Tensor[], rows: number, batchSize: number): Tensor[] {
    const parts: Tensor[][] = [];
    for (let start = 0; start < rows; start += batchSize) {
      const count = Math.min(batchSize, rows - start);
      parts.push(this.#forward(...inputs.map((input) => rowsOf(input, start, count))));
    }
    const [first = [], ...rest] = parts;
    if (rest.length === 0) return first;
    return first.map((_, output) => {
      const pieces = parts.flatMap((part) => part[output]?.value ?? []);
      return Tensor.of(ops.concat(pieces, 0));
    });
  }

  dispose(): void {
    this.#forward.dispose();
  }
}
