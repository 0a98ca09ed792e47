import { carryStates } from "../../layers/carried-states.ts";
import type { AnyLayer } from "../../layers/layer.ts";
import { compile, concat, expandDims, gather, slice, type Tensor } from "../../tensor/index.ts";
import { Joiner } from "../joiner.ts";
import { lastStep } from "./last-step.ts";

/** Where a forecast stands. */
export interface ForecastState {
  /** What was forecast last, [B, 1, D]. */
  readonly output: Tensor;
  /** What the next step needs: the states of the recurrent layers, or the window [B, W, F]. */
  readonly memory: readonly Tensor[];
}

/** Inputs that are known beforehand, on the GPU: none, or [B, N, E]. */
export type Known = readonly Tensor[];

/**
 * The compiled steps of a model's forecasts. Each step is one run that takes the last output as its input; nothing is
 * read back.
 */
export class Forecaster {
  readonly #model: AnyLayer;
  readonly #upload = compile((known: Tensor[]) => known);
  readonly #warmUp = compile((history: Tensor, states: Tensor[]) => this.#carry(history, states));
  readonly #carryOn = compile((output: Tensor, known: Tensor[], at: Tensor, states: Tensor[]) =>
    this.#carry(nextInput(output, known, at), states),
  );
  readonly #look = compile((window: Tensor) => ({ output: this.#last(window), memory: [window] }));
  readonly #slide = compile((output: Tensor, known: Tensor[], at: Tensor, window: Tensor) => {
    const [batch = 1, time = 1, features = 1] = window.shape;
    const kept = slice(window, [0, 1, 0], [batch, time - 1, features]);
    const next = concat([kept, nextInput(output, known, at)], 1);
    return { output: this.#last(next), memory: [next] };
  });
  readonly #joiner = new Joiner(1);

  constructor(model: AnyLayer) {
    this.#model = model;
  }

  /** Brings to the GPU, once, what every step reads from. */
  upload(known: Known): Known {
    return known.length === 0 ? [] : this.#upload([...known]);
  }

  /** The first forecast, of a model whose states are carried from step to step. */
  warmUp(history: Tensor, states: readonly Tensor[]): ForecastState {
    return this.#warmUp(history, [...states]);
  }

  /** The next one; `at` is the row of `known` that goes with the last output. */
  carryOn({ output, memory }: ForecastState, known: Known, at: Tensor): ForecastState {
    return this.#carryOn(output, [...known], at, [...memory]);
  }

  /** The first forecast, of a model that reads a window. */
  look(window: Tensor): ForecastState {
    return this.#look(window);
  }

  /** The next one. */
  slide({ output, memory: [window] }: ForecastState, known: Known, at: Tensor): ForecastState {
    if (window === undefined) throw new RangeError("a forecast lost its window");
    return this.#slide(output, [...known], at, window);
  }

  /** One tensor of all steps; the parts end. */
  join(parts: readonly Tensor[]): Tensor {
    return this.#joiner.join(parts);
  }

  dispose(): void {
    this.#upload.dispose();
    this.#warmUp.dispose();
    this.#carryOn.dispose();
    this.#look.dispose();
    this.#slide.dispose();
    this.#joiner.dispose();
  }

  #carry(x: Tensor, before: readonly Tensor[]): ForecastState {
    const { result, states } = carryStates(before, () => this.#last(x));
    return { output: result, memory: [...states] };
  }

  #last(x: Tensor): Tensor {
    return lastStep(this.#model.name, this.#model.apply(x, { training: false }));
  }
}

/** The last output as input of the next step [B, 1, F], known features behind it. */
function nextInput(output: Tensor, known: Known, at: Tensor): Tensor {
  const rows = known.map((one) => expandDims(gather(one, at, 1), 1)); // [B, 1, E]
  return rows.length === 0 ? output : concat([output, ...rows], 2);
}
