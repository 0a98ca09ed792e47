import { carryStates } from "../../layers/carried-states.ts";
import { add, concat, scalar, slice, type Tensor } from "../../tensor/index.ts";
import type { TokenPorts } from "./logits.ts";

/** What a model remembers of a sequence. */
export interface Memory {
  /** [B, …] each: states and caches, or the window. */
  readonly rows: readonly Tensor[];
  /** Steps that were seen, int32 []; null where a window is seen anew at each step. */
  readonly position: Tensor | null;
}

/** A model's answer to what it was shown. */
export interface Decoded extends Memory {
  /** Which of `rows` no step changes. */
  readonly constants: ReadonlySet<number>;
  /** Of the next token, [B, V]. */
  readonly logits: Tensor;
}

/** What a decoder is made of. */
export interface DecoderOptions {
  readonly ports: TokenPorts;
  /** Steps that caches hold; null: the model sees a window, of the first call's length, at each step. */
  readonly capacity: number | null;
}

/** Runs a model token by token; what it remembers is handed from step to step. */
export class Decoder {
  readonly #ports: TokenPorts;
  readonly #capacity: number | null;
  readonly #others: readonly Tensor[];

  /** @param others What the model's other inputs read at every step, [B, …] each. */
  constructor({ ports, capacity }: DecoderOptions, others: readonly Tensor[]) {
    this.#ports = ports;
    this.#capacity = capacity;
    this.#others = others;
  }

  /**
   * The first call, with ids [B, T].
   * @throws {NotStepwiseError} where the model has to see all steps at once, and a window was not asked for.
   */
  begin(ids: Tensor): Decoded {
    if (this.#capacity === null) return this.#look(ids);
    const position = scalar(ids.shape[1] ?? 1, "int32");
    return { ...this.#carry(ids, { rows: [], position: null }), position };
  }

  /** A further one, with the token [B, 1] that came next. */
  step(token: Tensor, memory: Memory): Decoded {
    const { rows, position } = memory;
    if (position === null) return this.#look(slid(rows[0] ?? token, token));
    return { ...this.#carry(token, memory), position: add(position, scalar(1, "int32")) };
  }

  #carry(ids: Tensor, { rows, position }: Memory): Omit<Decoded, "position"> {
    const place = { position, capacity: this.#capacity, steps: ids };
    const { result, states, constants } = carryStates(rows, () => this.#logits(ids), place);
    return { logits: result, rows: states, constants };
  }

  #look(window: Tensor): Decoded {
    return { logits: this.#logits(window), rows: [window], constants: new Set(), position: null };
  }

  #logits(ids: Tensor): Tensor {
    return this.#ports.logits(ids, this.#others);
  }
}

/** The window without its first token, and the next one behind. */
function slid(window: Tensor, token: Tensor): Tensor {
  const [batch = 1, time = 1] = window.shape;
  return time === 1 ? token : concat([slice(window, [0, 1], [batch, time - 1]), token], 1);
}
