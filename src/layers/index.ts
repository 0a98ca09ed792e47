import { type RegisteredClass, registerClass } from "../names/class-registry.ts";
import { Activation, activation } from "./activation-layer.ts";
import { Bidirectional, bidirectional } from "./bidirectional.ts";
import { Dense, dense } from "./dense.ts";
import { Dot, dot } from "./dot.ts";
import { Dropout, dropout, spatialDropout1d } from "./dropout.ts";
import { Embedding, embedding } from "./embedding.ts";
import { Flatten, flatten } from "./flatten.ts";
import { GRU, gru } from "./gru.ts";
import { InputLayer, inputLayer } from "./input-layer.ts";
import { Layer } from "./layer.ts";
import { LayerNormalization, layerNormalization } from "./layer-normalization.ts";
import type { LayerConfig } from "./layer-types.ts";
import { LSTM, lstm } from "./lstm.ts";
import { Masking, masking } from "./masking.ts";
import {
  Add,
  Average,
  Concatenate,
  type ConcatenateConfig,
  Maximum,
  Minimum,
  Multiply,
  Subtract,
} from "./merge.ts";
import { Permute, permute } from "./permute.ts";
import { RepeatVector, repeatVector } from "./repeat-vector.ts";
import { Reshape, reshapeLayer } from "./reshape.ts";
import { SimpleRNN, simpleRNN } from "./simple-rnn.ts";
import { TimeDistributed, timeDistributed } from "./time-distributed.ts";

const classes: readonly RegisteredClass[] = [
  Activation,
  Add,
  Average,
  Bidirectional,
  Concatenate,
  Dense,
  Dot,
  Dropout,
  Embedding,
  Flatten,
  GRU,
  InputLayer,
  LayerNormalization,
  LSTM,
  Masking,
  Maximum,
  Minimum,
  Multiply,
  Permute,
  RepeatVector,
  Reshape,
  SimpleRNN,
  Subtract,
  TimeDistributed,
];
for (const one of classes) registerClass(one);

/**
 * Makers of layers, under the names of TF.js; `layers.Layer` is the class to derive your own from.
 *
 * @example
 * const layer = sl.layers.lstm({ units: 16, returnSequences: true });
 * const y = layer.apply(sl.randomNormal([4, 10, 3])); // [4, 10, 16]
 */
export const layers = {
  Layer,
  inputLayer,
  // core
  dense,
  activation,
  dropout,
  spatialDropout1d,
  embedding,
  layerNormalization,
  masking,
  // shape
  flatten,
  reshape: reshapeLayer,
  repeatVector,
  permute,
  // recurrent
  simpleRNN,
  lstm,
  gru,
  bidirectional,
  timeDistributed,
  // several inputs
  /** Sum of several inputs, which broadcast: `layers.add().apply([a, b])`. */
  add: (config?: LayerConfig): Add => new Add(config),
  /** The first of two inputs minus the second: `layers.subtract().apply([a, b])`. */
  subtract: (config?: LayerConfig): Subtract => new Subtract(config),
  /** Product of several inputs, which broadcast: `layers.multiply().apply([a, b])`. */
  multiply: (config?: LayerConfig): Multiply => new Multiply(config),
  /** Mean of several inputs, which broadcast: `layers.average().apply([a, b])`. */
  average: (config?: LayerConfig): Average => new Average(config),
  /** The largest of several inputs, which broadcast: `layers.maximum().apply([a, b])`. */
  maximum: (config?: LayerConfig): Maximum => new Maximum(config),
  /** The smallest of several inputs, which broadcast: `layers.minimum().apply([a, b])`. */
  minimum: (config?: LayerConfig): Minimum => new Minimum(config),
  /** Several inputs one after the other along `axis` (-1): `layers.concatenate().apply([a, b])`. */
  concatenate: (config?: ConcatenateConfig): Concatenate => new Concatenate(config),
  dot,
} as const;
