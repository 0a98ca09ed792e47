import { ArgumentError, NumericsError } from "../../errors.ts";
import { type ConfigKeys, checkKeys } from "../../names/check-keys.ts";
import { describeValue } from "../../names/describe.ts";
import { wholeNumber } from "../../names/whole-number.ts";
import { throwIfAborted, unlessAborted } from "../abort.ts";
import { Model } from "../model.ts";
import { BeamRun, type BeamTrace } from "./beam-run.ts";
import { tokenPorts } from "./logits.ts";
import { OtherInputs } from "./other-inputs.ts";
import { checkIds, idPrompt, type PromptIds, textPrompt } from "./prompt.ts";
import { type GenerateConfig, signalOf } from "./settings.ts";
import { CHUNK } from "./token-run.ts";
import { beginning } from "./window.ts";

const LABEL = "beamSearch";

/** What `beamSearch` takes besides model and prompt. */
export interface BeamSearchConfig
  extends Pick<GenerateConfig, "maxTokens" | "inputs" | "vocabulary" | "fromLogits" | "signal"> {
  /** Sequences that are kept at each step, K. Default 4. */
  readonly beams?: number | null;
  /**
   * Scores are the log-probabilities divided by length to this power: 0 leaves them as they are, which favours short
   * sequences; 1 compares averages. It orders the results; the search itself goes by log-probabilities. Default 1.
   */
  readonly lengthPenalty?: number | null;
  /**
   * The id that ends a sequence, or several: whichever comes first ends it. It is not part of `ids`, but its probability
   * counts, and it counts as a token in the length. Default: none, all sequences have maxTokens.
   */
  readonly stop?: number | readonly number[] | null;
}

/** A sequence that was found. */
export interface Beam {
  /** The tokens after the prompt. */
  readonly ids: readonly number[];
  /** Their text, beside a vocabulary. */
  readonly text: string | null;
  /** Sum of the tokens' log-probabilities, the stop's among them. */
  readonly logProbability: number;
  /** What the results are ordered by: the log-probability, divided by (tokens + stop)^lengthPenalty. */
  readonly score: number;
}

const KEYS: ConfigKeys<BeamSearchConfig> = {
  beams: "number",
  maxTokens: "number",
  inputs: "any",
  lengthPenalty: "number",
  stop: "any",
  vocabulary: "any",
  fromLogits: "boolean",
  signal: "any",
};

/**
 * Looks for the most probable continuations of a prompt: at each step the K best continuations of the K sequences so far
 * are kept. A sequence that has ended keeps its place as long as none of the others is more probable. With one beam it is
 * greedy `generate`. The search runs on the GPU; every 20 steps the host asks whether all have ended.
 *
 * @example
 * const net = sl.sequential({
 *   layers: [
 *     sl.layers.embedding({ inputDim: 10, outputDim: 8, inputShape: [null] }),
 *     sl.layers.gru({ units: 16 }),
 *     sl.layers.dense({ units: 10 }),
 *   ],
 * });
 * const [best] = await sl.beamSearch(net, [1, 2, 3], { beams: 3, maxTokens: 5, stop: 0 });
 * console.log(best?.ids, best?.score);
 *
 * @param model As `generate` takes it.
 * @param prompt Ids, as an array or a tensor [T], or a text beside `vocabulary`. One prompt, no batch.
 * @returns At most K sequences, the best first.
 * @throws {ArgumentError} for an empty prompt, ids that the model does not know, inputs that are missing or too many, and
 *   settings out of bounds.
 * @throws {ShapeError} for a prompt that a window of fixed length does not fit, and inputs that do not fit.
 * @throws {DTypeError} for a tensor of bool as prompt.
 * @throws {NumericsError} when logits are not finite, {AbortError} when `signal` aborts.
 */
export async function beamSearch(
  model: Model,
  prompt: string | PromptIds,
  config: BeamSearchConfig = {},
): Promise<Beam[]> {
  if (!(model instanceof Model)) {
    throw new ArgumentError(
      `${LABEL}: received ${describeValue(model)} as model. Expected a model: beamSearch(model, prompt).`,
    );
  }
  model.requireLive(LABEL);
  checkKeys(LABEL, config, KEYS);
  const beams = wholeNumber(config.beams ?? 4, `${LABEL}: beams`);
  const maxTokens = wholeNumber(config.maxTokens ?? 256, `${LABEL}: maxTokens`);
  const penalty = penaltyOf(config);
  const stopIds = stopsOf(config);
  const { vocabulary } = config;
  const signal = signalOf(LABEL, config.signal);
  const task = { label: LABEL, signal, says: "the search was aborted." };
  const others = new OtherInputs(LABEL, model, config.inputs ?? null);
  const run = await begun(others, async () => {
    const given =
      typeof prompt === "string"
        ? textPrompt(LABEL, prompt, vocabulary)
        : await idPrompt(LABEL, prompt);
    if (given.batch > 1) {
      throw new ArgumentError(
        `${LABEL}: received a batch of ${given.batch} prompts. Expected one: search for each by itself.`,
      );
    }
    const { input } = others;
    const ports = tokenPorts(LABEL, model, { input, fromLogits: config.fromLogits ?? null });
    checkIds(LABEL, given, ports.size);
    const rows = others.beside(given);
    throwIfAborted(task);
    return beginning(model, given, {
      ...{ label: LABEL, ports, maxTokens, window: null, canShift: false },
      start: (shown, capacity) =>
        new BeamRun(shown, { ports, capacity, others: rows, beams, maxTokens, stopIds }),
    })();
  });
  try {
    let steps = 1;
    for (; steps < maxTokens; steps++) {
      if (steps % CHUNK === 0 && (await unlessAborted(run.isDone(), task))) break;
      run.advance();
    }
    const trace = await unlessAborted(run.trace(), task);
    return beamsOf(trace, { steps, beams, maxTokens, stopIds: new Set(stopIds) })
      .map(({ length, ...found }) => ({
        ...found,
        text: vocabulary ? vocabulary.decode(found.ids) : null,
        score: found.logProbability / length ** penalty,
      }))
      .sort((a, b) => b.score - a.score);
  } finally {
    run.dispose();
  }
}

/** What `begin` gives; the inputs that it reads end with it. */
async function begun(others: OtherInputs, begin: () => Promise<BeamRun>): Promise<BeamRun> {
  try {
    return await begin();
  } finally {
    others.dispose();
  }
}

interface Found {
  readonly ids: number[];
  readonly logProbability: number;
  /** Tokens, the stop among them. */
  readonly length: number;
}

/**
 * The sequences behind the last beams, each walked back from its end.
 * @throws {NumericsError} when a step had logits that were not finite.
 */
function beamsOf(
  { tokens, parents, scores, lengths }: BeamTrace,
  how: { steps: number; beams: number; maxTokens: number; stopIds: ReadonlySet<number> },
): Found[] {
  const { steps, beams, maxTokens, stopIds } = how;
  for (let s = 0; s < steps; s++) {
    if ((tokens[s] ?? -1) < 0) throw notFinite(s);
  }
  const found: Found[] = [];
  for (let last = 0; last < beams; last++) {
    const [logProbability = Number.NEGATIVE_INFINITY, length = 0] = [scores[last], lengths[last]];
    // There were fewer sequences than beams.
    if (logProbability === Number.NEGATIVE_INFINITY) continue;
    const path: number[] = [];
    let beam = last;
    for (let s = steps - 1; s >= 0; s--) {
      path.unshift(tokens[beam * maxTokens + s] ?? -1);
      beam = parents[beam * maxTokens + s] ?? 0;
    }
    const ids = path.slice(0, length); // behind it the beam waited for the others
    if (stopIds.has(ids.at(-1) ?? -1)) ids.pop();
    found.push({ ids, logProbability, length });
  }
  return found;
}

function notFinite(step: number): NumericsError {
  return new NumericsError(
    `${LABEL}: the logits of token ${step} are not finite: NaN or infinity among them. Expected a model whose weights are ` +
      "finite; look at its training.",
    { details: { token: step } },
  );
}

function penaltyOf({ lengthPenalty }: BeamSearchConfig): number {
  const penalty = lengthPenalty ?? 1;
  if (Number.isFinite(penalty) && penalty >= 0) return penalty;
  throw new ArgumentError(
    `${LABEL}: received ${describeValue(lengthPenalty)} as lengthPenalty. Expected a finite number from 0 on.`,
  );
}

function stopsOf({ stop }: BeamSearchConfig): number[] {
  const all: readonly unknown[] = [stop ?? []].flat();
  return all.map((one) => {
    if (typeof one === "number" && Number.isInteger(one)) return one;
    throw new ArgumentError(
      `${LABEL}: received ${describeValue(one)} as stop. Expected ids; of texts generate knows.`,
    );
  });
}
