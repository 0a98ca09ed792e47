import { ArgumentError, ShapeError } from "../../errors.ts";
import { NotStepwiseError } from "../../layers/carried-states.ts";
import type { AnyLayer } from "../../layers/layer.ts";
import { PositionEmbedding } from "../../layers/position-embedding.ts";
import { TokenAndPositionEmbedding } from "../../layers/token-and-position-embedding.ts";
import { isRecurrent, runsStepByStep } from "../forecast/causal.ts";
import type { Model } from "../model.ts";
import type { TokenPorts } from "./logits.ts";
import type { Prompt } from "./prompt.ts";

/** How a run begins. */
export interface Beginning<Run> {
  readonly label: string;
  readonly ports: TokenPorts;
  /** Most tokens that the model is to see at a time; null: what came before. */
  readonly window: number | null;
  readonly maxTokens: number;
  /** Whether a run that outgrows its caches begins them anew; else it is refused. */
  readonly canShift: boolean;
  /** `capacity`: steps that caches hold; null: the model sees a window at each step. */
  readonly start: (prompt: Prompt, capacity: number | null) => Run;
}

/**
 * Begins step by step where the model can, else with a window.
 * @throws {ArgumentError | ShapeError} at once, for a prompt that is too long or too short, and a window too long.
 */
export function beginning<Run>(model: Model, prompt: Prompt, how: Beginning<Run>): () => Run {
  const { start } = how;
  const slide = (): Run => start(lastOf(prompt, slidingLength(model, prompt, how)), null);
  if (!how.ports.layers.every(runsStepByStep)) {
    slidingLength(model, prompt, how);
    return slide;
  }
  const most = mostSteps(model, prompt, how);
  const shown = lastOf(prompt, Math.min(prompt.time, most));
  // The last token is no input.
  const capacity = Math.min(most, shown.time + how.maxTokens - 1);
  return () => {
    try {
      return start(shown, capacity);
    } catch (error) {
      if (error instanceof NotStepwiseError) return slide();
      throw error;
    }
  };
}

/** Steps that a model which runs step by step may see; Infinity: any number. */
function mostSteps(model: Model, { time }: Prompt, how: Beginning<unknown>): number {
  const { label, window, maxTokens, canShift } = how;
  const context = contextOf(how.ports);
  if (window !== null && window > context) {
    throw new ArgumentError(
      `${label}: received ${window} as window. Expected ${context} at most, the steps that ${model.name} has positions for.`,
      { details: { window, context } },
    );
  }
  if (window !== null) return window;
  if (time > context) {
    throw new ArgumentError(
      `${label}: received a prompt of ${time} tokens, and ${model.name} sees ${context} steps at most. Expected no more; ` +
        `give its end: prompt.slice(-${context})${canShift ? `, or let generate do so: { window: ${context} }` : ""}.`,
      { details: { prompt: time, context } },
    );
  }
  if (canShift || time + maxTokens - 1 <= context) return context;
  throw new ArgumentError(
    `${label}: received a prompt of ${time} tokens and ${maxTokens} as maxTokens, and ${model.name} sees ${context} steps ` +
      `at most. Expected maxTokens up to ${context - time + 1}.`,
    { details: { prompt: time, maxTokens, context } },
  );
}

/** Length of the window of a model that sees it anew at each step. */
function slidingLength(model: Model, { time }: Prompt, how: Beginning<unknown>): number {
  const window = how.window ?? how.ports.shape?.[1] ?? time;
  if (window <= time) return window;
  throw new ShapeError(
    `${how.label}: received a prompt of ${time} tokens. Expected at least ${window}, which ${model.name} sees at a time: ` +
      "give a longer prompt, or a smaller window.",
    { details: { received: time, expected: window } },
  );
}

/**
 * Steps that a model can see at all: positions that it has vectors for, or what the `inputShape` says of a model without
 * recurrent layers, which have no such end.
 */
function contextOf({ layers, shape }: TokenPorts): number {
  const declared = layers.some(isRecurrent) ? null : (shape?.[1] ?? null);
  return Math.min(declared ?? Number.POSITIVE_INFINITY, ...layers.map(positionsOf));
}

function positionsOf(layer: AnyLayer): number {
  if (layer instanceof TokenAndPositionEmbedding) return positionsOf(layer.positionEmbedding);
  if (layer instanceof PositionEmbedding) return layer.sequenceLength;
  return Number.POSITIVE_INFINITY;
}

/** The last tokens of each row. */
function lastOf(prompt: Prompt, length: number): Prompt {
  const { ids, batch, time } = prompt;
  if (length === time) return prompt;
  const rows = Array.from({ length: batch }, (_, b) => [
    ...ids.subarray((b + 1) * time - length, (b + 1) * time),
  ]);
  return { ...prompt, ids: Int32Array.from(rows.flat()), time: length };
}
