/// <reference lib="esnext.disposable" preserve="true" />
// The public names, written by hand: what is not here is not part of the library. The line above is for programs whose
// lib does not have Symbol.dispose: `using` is not for everybody, the declarations are.

// Models and what they are made of
export * as constraints from "./constraints/index.ts";
// Data
export * as data from "./data/index.ts";
// Failures
export {
  AbortError,
  ArgumentError,
  DeviceLostError,
  DisposedError,
  DTypeError,
  FormatError,
  GpuError,
  LimitError,
  NumericsError,
  ShapeError,
  SluiceError,
  StaleReadError,
  StoreError,
  TraceError,
  UnsupportedError,
} from "./errors.ts";
// Files of models
export { io, type ModelHandler, type ModelInfo, type StoreTarget } from "./formats/index.ts";
// Tensors and what they are made of
export type { DType, TypedArray } from "./graph/dtype.ts";
export type { Shape } from "./graph/shape.ts";
export { type Initializer, initializers } from "./initializers/index.ts";
export * as inspect from "./inspect/index.ts";
export * as activations from "./layers/activations.ts";
export type { AttentionCallOptions } from "./layers/attention-call.ts";
export type { Conv1DConfig } from "./layers/conv1d.ts";
export type { Conv2DConfig } from "./layers/conv2d.ts";
export type { DenseConfig } from "./layers/dense.ts";
export { type DTypePolicy, getDTypePolicy, setDTypePolicy } from "./layers/dtype-policy.ts";
export type { GlobalPoolingConfig } from "./layers/global-pooling.ts";
export type { GRUConfig } from "./layers/gru.ts";
export type { GRUCellConfig } from "./layers/gru-cell.ts";
export { layers } from "./layers/index.ts";
export type { AnyLayer, Layer } from "./layers/layer.ts";
export type { LayerShape, LayerShapes } from "./layers/layer-shape.ts";
export type { CallOptions, LayerConfig, Mask } from "./layers/layer-types.ts";
export type { LSTMConfig } from "./layers/lstm.ts";
export type { LSTMCellConfig } from "./layers/lstm-cell.ts";
export type { MultiHeadAttentionConfig } from "./layers/multi-head-attention.ts";
export type { PoolingConfig } from "./layers/pooling.ts";
export { recompute } from "./layers/recompute.ts";
export type { RNNConfig } from "./layers/rnn.ts";
export type {
  CellCallOptions,
  CellConfig,
  CellResult,
  RNNCell,
  SequenceOptions,
} from "./layers/rnn-cell.ts";
export type { SimpleRNNConfig } from "./layers/simple-rnn.ts";
export type { SimpleRNNCellConfig } from "./layers/simple-rnn-cell.ts";
export type { StackedRNNConfig } from "./layers/stacked-rnn.ts";
export type { StackedRNNCellsConfig } from "./layers/stacked-rnn-cells.ts";
export type { SymbolicTensor } from "./layers/symbolic.ts";
export type { TransformerConfig } from "./layers/transformer-config.ts";
export * as losses from "./losses/index.ts";
export * as metrics from "./metrics/index.ts";
export * as serialization from "./names/class-registry.ts";
export * as train from "./optimizers/index.ts";
export * as regularizers from "./regularizers/index.ts";
export {
  adapterName,
  type Compiled,
  type CustomGradient,
  compile,
  counters,
  customGrad,
  type Differentiable,
  dispose,
  type Explanation,
  explain,
  fill,
  getBackend,
  grad,
  grads,
  type InitOptions,
  idle,
  init,
  keep,
  memory,
  type NestedArray,
  nextFrame,
  ones,
  onesLike,
  type ProfileInfo,
  print,
  profile,
  ready,
  runtimeScalar,
  type Save,
  type Scalar,
  scalar,
  scan,
  setBackend,
  setSeed,
  Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
  type Tensor5D,
  type Tensor6D,
  type TensorData,
  type TensorLike,
  type TimingInfo,
  tensor,
  tensor1d,
  tensor2d,
  tensor3d,
  tensor4d,
  tensor5d,
  tensor6d,
  tidy,
  time,
  Variable,
  valueAndGrad,
  valueAndGrads,
  variable,
  variableGrads,
  zeros,
  zerosLike,
} from "./tensor/index.ts";
// Its augmentation of Tensor is part of the declarations only when somebody names it.
export type { TensorMethods } from "./tensor/methods.ts";
// Operations
export * from "./tensor/ops/index.ts";
export * from "./train/index.ts";
