import { HostScalar } from "../../graph/host-scalar.ts";
import { ops } from "../../ops/index.ts";
import type { SamplingRules } from "../../ops/ops.ts";
import {
  add,
  type Compiled,
  concat,
  expandDims,
  mod,
  pad,
  scalar,
  slice,
  Tensor,
  type Variable,
  zeros,
} from "../../tensor/index.ts";
import { Decoder, type DecoderOptions } from "./decoder.ts";
import { KeptMemory, OwnVariables } from "./kept-memory.ts";
import type { Prompt } from "./prompt.ts";
import { firstStep, recorded, written } from "./run-steps.ts";

/** Tokens that are read at once, at most; as many stay on the GPU. */
export const CHUNK = 20;

/** What a run of tokens is made of. */
export interface TokenRunOptions extends DecoderOptions {
  /** What the model's other inputs read, [B, …] each. */
  readonly others: readonly Tensor[];
  readonly rules: SamplingRules;
  readonly seed: number;
  readonly maxTokens: number;
}

/**
 * A sequence that grows on the GPU: each step is one run that reads the last token and what the model remembers, and
 * changes both in place. Nothing is read back but by `read`.
 */
export class TokenRun {
  readonly #options: TokenRunOptions;
  readonly #key: HostScalar;
  readonly #own = new OwnVariables();
  readonly #ring: Variable;
  readonly #step: Compiled<[], Tensor[]>;
  /** Begins the caches anew, with the last tokens; null where they never fill up. */
  readonly #shift: Compiled<[], Tensor[]> | null;
  /** Steps that the caches hold. */
  #seen: number;

  /**
   * Runs the prompt and draws the first token.
   * @throws {NotStepwiseError} as the decoder does.
   */
  constructor(prompt: Prompt, options: TokenRunOptions) {
    this.#options = options;
    this.#key = HostScalar.of(options.seed, "int32");
    const from = { label: "generate", own: this.#own, others: options.others };
    const { ring, advance, shift } = firstStep(prompt, from, (...given) => this.#begin(...given));
    this.#ring = ring;
    this.#seen = prompt.time;
    this.#step = recorded(advance);
    this.#shift = shift && recorded(shift);
  }

  /** Draws the next token. */
  advance(): void {
    if (this.#shift !== null && this.#seen === this.#options.capacity) {
      this.#shift();
      this.#seen = half(this.#seen);
      return;
    }
    this.#step();
    this.#seen++;
  }

  /** The latest tokens: that of step s in column s mod CHUNK, [B, CHUNK]. -1: the logits were not finite. */
  read(): Promise<ArrayLike<number>> {
    return this.#ring.data();
  }

  dispose(): void {
    this.#step.dispose();
    this.#shift?.dispose();
    this.#own.dispose();
  }

  /** What the first step leaves, and how the next ones go on. */
  #begin(ids: Tensor, others: readonly Tensor[]): Steps {
    const decoder = new Decoder(this.#options, others);
    const begun = decoder.begin(ids);
    const first = this.#sample(begun.logits, scalar(0, "int32"));
    const empty = zeros([ids.shape[0] ?? 1, CHUNK], "int32");
    const memory = new KeptMemory(begun, this.#own);
    const token = this.#own.make("token", first);
    const ring = this.#own.make("tokens", written(empty, first, scalar(0, "int32")));
    const count = this.#own.make("count", scalar(1, "int32"));
    const history = this.#historyOf(ids, first);
    const draw = (logits: Tensor): Tensor => {
      const next = this.#sample(logits, count);
      ring.assign(written(ring, next, mod(count, scalar(CHUNK, "int32"))));
      token.assign(next);
      count.assign(add(count, scalar(1, "int32")));
      return next;
    };
    const advance = (): void => {
      const decoded = decoder.step(token, memory);
      const next = draw(decoded.logits);
      memory.assign(decoded);
      // The position after the step is that of the token which came of it.
      if (decoded.position) history?.assign(written(history, next, decoded.position));
    };
    const shift = history && ((): void => this.#beginAnew({ decoder, memory, history, draw }));
    return { ring, advance, shift };
  }

  /** Prompt and tokens by their positions, [B, capacity + 1], where the caches will fill up. */
  #historyOf(ids: Tensor, first: Tensor): Variable | null {
    const { capacity, maxTokens } = this.#options;
    const [, time = 1] = ids.shape;
    if (capacity === null || time + maxTokens - 1 <= capacity) return null;
    const tokens = concat([ids, first], 1);
    return this.#own.make("history", padded(tokens, capacity + 1));
  }

  /** The caches are full: the last half of what they saw, and the token after it, are run as a prompt. */
  #beginAnew({ decoder, memory, history, draw }: Outgrown): void {
    const [batch = 1, width = 1] = history.shape;
    const length = half(width - 1);
    const ids = slice(history, [0, width - length], [batch, length]);
    const begun = decoder.begin(ids);
    const next = draw(begun.logits);
    memory.assign(begun);
    history.assign(padded(concat([ids, next], 1), width));
  }

  #sample(logits: Tensor, step: Tensor): Tensor {
    const inputs = { logits: logits.value, step: step.value, key: this.#key };
    return expandDims(Tensor.of(ops.sampleToken(inputs, this.#options.rules)), 1); // [B, 1]
  }
}

/** What is recorded once and run at each step. */
interface Steps {
  readonly ring: Variable;
  readonly advance: () => void;
  readonly shift: (() => void) | null;
}

/** A run whose caches are full. */
interface Outgrown {
  readonly decoder: Decoder;
  readonly memory: KeptMemory;
  readonly history: Variable;
  readonly draw: (logits: Tensor) => Tensor;
}

/** Tokens that are run anew when as many as `steps` have been seen. */
function half(steps: number): number {
  return Math.max(1, Math.floor(steps / 2));
}

/** [B, T] with zeros behind, [B, width]. */
function padded(tokens: Tensor, width: number): Tensor {
  return pad(tokens, [
    [0, 0],
    [0, width - (tokens.shape[1] ?? 0)],
  ]);
}
