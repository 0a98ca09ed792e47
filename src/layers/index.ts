import { type RegisteredClass, registerClass } from "../names/class-registry.ts";
import { Activation, activation } from "./activation-layer.ts";
import { AdditiveAttention, additiveAttention } from "./additive-attention.ts";
import {
  ELU,
  type ELUConfig,
  LeakyReLU,
  type LeakyReLUConfig,
  ReLU,
  type ReLUConfig,
  Softmax,
  type SoftmaxConfig,
} from "./advanced-activations.ts";
import { Attention, attention } from "./attention.ts";
import { Bidirectional, bidirectional } from "./bidirectional.ts";
import { Dense, dense } from "./dense.ts";
import { Dot, dot } from "./dot.ts";
import { Dropout, dropout, spatialDropout1d } from "./dropout.ts";
import { Embedding, embedding } from "./embedding.ts";
import { Flatten, flatten } from "./flatten.ts";
import {
  GaussianDropout,
  type GaussianDropoutConfig,
  GaussianNoise,
  type GaussianNoiseConfig,
} from "./gaussian-noise.ts";
import { GroupedQueryAttention, groupedQueryAttention } from "./grouped-query-attention.ts";
import { GRU, gru } from "./gru.ts";
import { GRUCell, gruCell } from "./gru-cell.ts";
import { input } from "./input.ts";
import { InputLayer, inputLayer } from "./input-layer.ts";
import { Layer } from "./layer.ts";
import { LayerNormalization, layerNormalization } from "./layer-normalization.ts";
import type { LayerConfig } from "./layer-types.ts";
import { LSTM, lstm } from "./lstm.ts";
import { LSTMCell, lstmCell } from "./lstm-cell.ts";
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
import { MultiHeadAttention, multiHeadAttention } from "./multi-head-attention.ts";
import { Normalization, normalization } from "./normalization.ts";
import { Permute, permute } from "./permute.ts";
import { PositionEmbedding, positionEmbedding } from "./position-embedding.ts";
import { PReLU, type PReLUConfig } from "./prelu.ts";
import { RepeatVector, repeatVector } from "./repeat-vector.ts";
import { Reshape, reshapeLayer } from "./reshape.ts";
import { ReversibleEmbedding, reversibleEmbedding } from "./reversible-embedding.ts";
import { RMSNormalization, rmsNormalization } from "./rms-normalization.ts";
import { RNN, rnn } from "./rnn.ts";
import { RNNCell } from "./rnn-cell.ts";
import { RotaryEmbedding, rotaryEmbedding } from "./rotary-embedding.ts";
import { SimpleRNN, simpleRNN } from "./simple-rnn.ts";
import { SimpleRNNCell, simpleRNNCell } from "./simple-rnn-cell.ts";
import { SinePositionEncoding, sinePositionEncoding } from "./sine-position-encoding.ts";
import { StackedRNN, stackedRNN } from "./stacked-rnn.ts";
import { StackedRNNCells, stackedRNNCells } from "./stacked-rnn-cells.ts";
import { TimeDistributed, timeDistributed } from "./time-distributed.ts";
import {
  TokenAndPositionEmbedding,
  tokenAndPositionEmbedding,
} from "./token-and-position-embedding.ts";
import { TransformerDecoder, transformerDecoder } from "./transformer-decoder.ts";
import { TransformerEncoder, transformerEncoder } from "./transformer-encoder.ts";

const classes: readonly RegisteredClass[] = [
  Activation,
  Add,
  AdditiveAttention,
  Attention,
  Average,
  Bidirectional,
  Concatenate,
  Dense,
  Dot,
  Dropout,
  ELU,
  Embedding,
  Flatten,
  GaussianDropout,
  GaussianNoise,
  GroupedQueryAttention,
  GRU,
  GRUCell,
  InputLayer,
  LayerNormalization,
  LeakyReLU,
  LSTM,
  LSTMCell,
  Masking,
  Maximum,
  Minimum,
  MultiHeadAttention,
  Multiply,
  Normalization,
  Permute,
  PositionEmbedding,
  PReLU,
  ReLU,
  RepeatVector,
  Reshape,
  ReversibleEmbedding,
  RMSNormalization,
  RNN,
  RotaryEmbedding,
  SimpleRNN,
  SimpleRNNCell,
  SinePositionEncoding,
  Softmax,
  StackedRNN,
  StackedRNNCells,
  Subtract,
  TimeDistributed,
  TokenAndPositionEmbedding,
  TransformerDecoder,
  TransformerEncoder,
];

/** Makes the layers of this library known to saved models; whoever reads one calls it, however little else is imported. */
export function registerLayers(): void {
  for (const one of classes) registerClass(one);
}
registerLayers();

/**
 * Makers of layers, under the names of TF.js; `layers.Layer` is the class to derive your own from, `layers.RNNCell`
 * that for the cells of `layers.rnn`.
 *
 * @example
 * const layer = sl.layers.lstm({ units: 16, returnSequences: true });
 * const y = layer.apply(sl.randomNormal([4, 10, 3])); // [4, 10, 16]
 */
export const layers = {
  Layer,
  RNNCell,
  /** The same as `input` of the library. */
  input,
  inputLayer,
  // core
  dense,
  activation,
  dropout,
  spatialDropout1d,
  embedding,
  reversibleEmbedding,
  positionEmbedding,
  sinePositionEncoding,
  tokenAndPositionEmbedding,
  rotaryEmbedding,
  layerNormalization,
  masking,
  normalization,
  rmsNormalization,
  // activations and noise
  /** Softmax along `axis` (-1): `layers.softmax()`. */
  softmax: (config?: SoftmaxConfig): Softmax => new Softmax(config),
  /** max(x, 0), at most `maxValue`; `negativeSlope` (0) below `threshold` (0): `layers.reLU({ maxValue: 6 })`. */
  reLU: (config?: ReLUConfig): ReLU => new ReLU(config),
  /** x above 0, `negativeSlope`·x (0.3; TF.js: `alpha`) below. */
  leakyReLU: (config?: LeakyReLUConfig): LeakyReLU => new LeakyReLU(config),
  /** x above 0, `alpha`·(eˣ - 1) (1) below. */
  elu: (config?: ELUConfig): ELU => new ELU(config),
  /** x above 0, alpha·x below, with alphas that training learns. */
  prelu: (config?: PReLUConfig): PReLU => new PReLU(config),
  /** Adds noise of standard deviation `stddev` while training. */
  gaussianNoise: (config: GaussianNoiseConfig): GaussianNoise => new GaussianNoise(config),
  /** Multiplies by noise of mean 1 and variance `rate` / (1 - `rate`) while training. */
  gaussianDropout: (config: GaussianDropoutConfig): GaussianDropout => new GaussianDropout(config),
  // shape
  flatten,
  reshape: reshapeLayer,
  repeatVector,
  permute,
  // recurrent
  simpleRNN,
  lstm,
  gru,
  rnn,
  simpleRNNCell,
  lstmCell,
  gruCell,
  stackedRNNCells,
  bidirectional,
  stackedRNN,
  timeDistributed,
  // attention
  multiHeadAttention,
  groupedQueryAttention,
  attention,
  additiveAttention,
  transformerEncoder,
  transformerDecoder,
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
