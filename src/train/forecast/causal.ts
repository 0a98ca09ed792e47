import { Activation } from "../../layers/activation-layer.ts";
import { AdditiveAttention } from "../../layers/additive-attention.ts";
import { ELU, LeakyReLU, ReLU } from "../../layers/advanced-activations.ts";
import { Attention } from "../../layers/attention.ts";
import { Dense } from "../../layers/dense.ts";
import { Dropout } from "../../layers/dropout.ts";
import { Embedding } from "../../layers/embedding.ts";
import { GaussianDropout, GaussianNoise } from "../../layers/gaussian-noise.ts";
import { GroupedQueryAttention } from "../../layers/grouped-query-attention.ts";
import { InputLayer } from "../../layers/input-layer.ts";
import type { AnyLayer } from "../../layers/layer.ts";
import { LayerNormalization } from "../../layers/layer-normalization.ts";
import { Masking } from "../../layers/masking.ts";
import {
  Add,
  Average,
  Concatenate,
  Maximum,
  Minimum,
  Multiply,
  Subtract,
} from "../../layers/merge.ts";
import { MultiHeadAttention } from "../../layers/multi-head-attention.ts";
import { Normalization } from "../../layers/normalization.ts";
import { PositionEmbedding } from "../../layers/position-embedding.ts";
import { Recurrence } from "../../layers/recurrence.ts";
import { ReversibleEmbedding } from "../../layers/reversible-embedding.ts";
import { RMSNormalization } from "../../layers/rms-normalization.ts";
import { RotaryEmbedding } from "../../layers/rotary-embedding.ts";
import { SinePositionEncoding } from "../../layers/sine-position-encoding.ts";
import { StackedRNN } from "../../layers/stacked-rnn.ts";
import { TimeDistributed } from "../../layers/time-distributed.ts";
import { TokenAndPositionEmbedding } from "../../layers/token-and-position-embedding.ts";
import { TransformerDecoder } from "../../layers/transformer-decoder.ts";
import { Container } from "../container.ts";

/** Layers that work on each step by itself. */
const stepwise = [
  Activation,
  Add,
  Average,
  Dense,
  Dropout,
  ELU,
  Embedding,
  GaussianDropout,
  GaussianNoise,
  InputLayer,
  LeakyReLU,
  Masking,
  Maximum,
  Minimum,
  Multiply,
  ReLU,
  ReversibleEmbedding,
  Subtract,
] as const;

/** Layers that carry keys and values, or know the position of a step. */
const attending = [
  AdditiveAttention,
  Attention,
  GroupedQueryAttention,
  MultiHeadAttention,
  PositionEmbedding,
  RotaryEmbedding,
  SinePositionEncoding,
  TokenAndPositionEmbedding,
  TransformerDecoder,
] as const;

/**
 * A layer of one's own says so when a call with the next steps alone, after a call with those before, gives what a call
 * with all gives for them: because it works on each step by itself, or by `carriedStates()`.
 */
interface StepByStep {
  readonly runsStepByStep: boolean;
}

/**
 * Whether a layer needs nothing of earlier steps but the states of recurrent layers, and nothing of later ones. What is
 * not known, such as layers of one's own, does not count.
 */
export function isCausal(layer: AnyLayer): boolean {
  if ("runsStepByStep" in layer) return (layer as StepByStep).runsStepByStep === true;
  if (layer instanceof Recurrence) return !layer.goBackwards;
  if (layer instanceof StackedRNN) return layer.stack.every(isCausal);
  if (layer instanceof Container) return layer.layers.every(isCausal);
  // A recurrent layer inside runs over another axis than the steps of the forecast.
  return isStepwise(layer instanceof TimeDistributed ? layer.layer : layer);
}

/**
 * Whether a layer can run token by token: what is causal, and attention, which keeps caches. Attention that is not causal
 * says so itself when it is run (`requireWholeSequence`).
 */
export function runsStepByStep(layer: AnyLayer): boolean {
  return attending.some((one) => layer.constructor === one) || isCausal(layer);
}

/** Whether a model carries states over its steps. */
export function isRecurrent(layer: AnyLayer): boolean {
  if (layer instanceof Container) return layer.layers.some(isRecurrent);
  return layer instanceof Recurrence || layer instanceof StackedRNN;
}

function isStepwise(layer: AnyLayer): boolean {
  const hasAxis =
    layer instanceof LayerNormalization ||
    layer instanceof RMSNormalization ||
    layer instanceof Normalization ||
    layer instanceof Concatenate;
  if (hasAxis) return layer.axis === -1 || layer.axis === null;
  // The class itself: what is derived from it may do other things.
  return stepwise.some((one) => layer.constructor === one);
}
