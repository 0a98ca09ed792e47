import { ops } from "../../ops/index.ts";
import {
  add,
  any,
  broadcastTo,
  type Compiled,
  cast,
  equal,
  expandDims,
  floorDiv,
  gather,
  isInf,
  isNaN as isNotANumber,
  logicalAnd,
  logicalNot,
  logicalOr,
  logSoftmax,
  mod,
  reshape,
  scalar,
  Tensor,
  tensor,
  topk,
  type Variable,
  where,
  zeros,
} from "../../tensor/index.ts";
import { Decoder, type DecoderOptions, type Memory } from "./decoder.ts";
import { KeptMemory, OwnVariables } from "./kept-memory.ts";
import type { Prompt } from "./prompt.ts";
import { firstStep, recorded, written } from "./run-steps.ts";

/** What a search is made of. */
export interface BeamRunOptions extends DecoderOptions {
  /** What the model's other inputs read, [1, …] each. */
  readonly others: readonly Tensor[];
  readonly beams: number;
  readonly maxTokens: number;
  readonly stopIds: readonly number[];
}

/** The beams as they stand after a step, [K] each. */
interface Beams {
  /** Sums of log-probabilities. */
  readonly scores: Tensor;
  /** Tokens, the stop among them; int32. */
  readonly lengths: Tensor;
  /** Whether the stop has come; bool. */
  readonly ended: Tensor;
}

/** A step: what was chosen, and from which beam it goes on. */
interface Choice extends Beams {
  /** int32 [K]; -1 where the logits were not finite. */
  readonly tokens: Tensor;
  /** int32 [K] */
  readonly parents: Tensor;
}

/** What the host reads of a search. */
export interface BeamTrace {
  /** Token and parent of beam k at step s at [k·maxTokens + s]. */
  readonly tokens: ArrayLike<number>;
  readonly parents: ArrayLike<number>;
  readonly scores: ArrayLike<number>;
  readonly lengths: ArrayLike<number>;
}

/**
 * The K most probable sequences so far, on the GPU: at each step the best K of all their continuations. What the model
 * remembers moves with them.
 */
export class BeamRun {
  readonly #options: BeamRunOptions;
  readonly #own = new OwnVariables();
  readonly #kept: Readonly<Record<"scores" | "lengths" | "ended" | "tokens" | "parents", Variable>>;
  readonly #step: Compiled<[], Tensor[]>;

  /** Runs the prompt and takes the first step. */
  constructor(prompt: Prompt, options: BeamRunOptions) {
    this.#options = options;
    const from = { label: "beamSearch", own: this.#own, others: options.others };
    const { kept, advance } = firstStep(prompt, from, (...given) => this.#begin(...given));
    this.#kept = kept;
    this.#step = recorded(advance);
  }

  advance(): void {
    this.#step();
  }

  /** Whether every beam has ended. */
  async isDone(): Promise<boolean> {
    return (await this.#kept.ended.data()).every((one) => one !== 0);
  }

  async trace(): Promise<BeamTrace> {
    const { tokens, parents, scores, lengths } = this.#kept;
    const [t, p, s, l] = await Promise.all([
      tokens.data(),
      parents.data(),
      scores.data(),
      lengths.data(),
    ]);
    return { tokens: t, parents: p, scores: s, lengths: l };
  }

  dispose(): void {
    this.#step.dispose();
    this.#own.dispose();
  }

  #begin(ids: Tensor, others: readonly Tensor[]) {
    const { beams, maxTokens } = this.#options;
    const begun = new Decoder(this.#options, others).begin(ids);
    // All beams begin alike; only the first one counts, or they would stay alike.
    const spread = zeros([beams], "int32");
    const decoder = new Decoder(
      this.#options,
      others.map((one, i) => this.#own.make(`beams_input_${i}`, gather(one, spread))),
    );
    const first = this.#choose(gather(begun.logits, spread), {
      scores: tensor([0, ...new Array<number>(beams - 1).fill(Number.NEGATIVE_INFINITY)]),
      lengths: zeros([beams], "int32"),
      ended: zeros([beams], "bool"),
    });
    const memory = new KeptMemory(moved(begun, spread), this.#own);
    const empty = zeros([beams, maxTokens], "int32");
    const at = scalar(0, "int32");
    const token = this.#own.make("token", expandDims(first.tokens, 1));
    const kept = {
      scores: this.#own.make("scores", first.scores),
      lengths: this.#own.make("lengths", first.lengths),
      ended: this.#own.make("ended", first.ended),
      tokens: this.#own.make("tokens", written(empty, token, at)),
      parents: this.#own.make("parents", written(empty, expandDims(first.parents, 1), at)),
    };
    const count = this.#own.make("count", scalar(1, "int32"));
    const advance = (): void => {
      const decoded = decoder.step(token, memory);
      const next = this.#choose(decoded.logits, kept);
      const column = expandDims(next.tokens, 1); // [K, 1]
      const tokens = written(kept.tokens, column, count);
      const parents = written(kept.parents, expandDims(next.parents, 1), count);
      memory.assign(moved(decoded, next.parents, decoded.constants));
      kept.tokens.assign(tokens);
      kept.parents.assign(parents);
      kept.scores.assign(next.scores);
      kept.lengths.assign(next.lengths);
      kept.ended.assign(next.ended);
      token.assign(column);
      count.assign(add(count, scalar(1, "int32")));
    };
    return { kept, advance };
  }

  /** The best continuations of the beams, by logits [K, V]. */
  #choose(logits: Tensor, { scores, lengths, ended }: Beams): Choice {
    const [beams = 1, units = 1] = logits.shape;
    const logProbabilities = logSoftmax(logits); // [K, V]
    // A beam that has ended has one continuation: itself.
    const column = broadcastTo(Tensor.of(ops.range(units)), [beams, units]);
    const itself = where(
      equal(column, scalar(0, "int32")),
      scalar(0),
      scalar(Number.NEGATIVE_INFINITY),
    );
    const steps = where(expandDims(ended, 1), itself, logProbabilities);
    const all = add(steps, expandDims(scores, 1)); // [K, V]
    const { values, indices } = topk(reshape(all, [beams * units]), beams);
    const parents = floorDiv(indices, scalar(units, "int32"));
    const chosen = mod(indices, scalar(units, "int32"));
    const before = gather(ended, parents);
    const stops = this.#options.stopIds.map((id) => equal(chosen, scalar(id, "int32")));
    const isStop = stops.reduce((a, b) => logicalOr(a, b), zeros([beams], "bool"));
    const plusInfinity = logicalAnd(isInf(logits), logits.greater(scalar(0)));
    const isUnfit = any(logicalOr(isNotANumber(logits), plusInfinity)); // []
    const grown = cast(logicalNot(before), "int32");
    return {
      scores: values,
      parents,
      tokens: where(isUnfit, scalar(-1, "int32"), chosen),
      lengths: add(gather(lengths, parents), grown),
      ended: logicalOr(logicalOr(before, isStop), isUnfit), // nothing good comes of it any more
    };
  }
}

/** What the model remembers of the beams that go on; of what all beams have in common nothing moves. */
function moved(
  { rows, position }: Memory,
  parents: Tensor,
  common: ReadonlySet<number> = new Set(),
): Memory {
  const move = (row: Tensor, i: number): Tensor =>
    common.has(i) || row.rank === 0 ? row : gather(row, parents);
  return { rows: rows.map(move), position };
}
