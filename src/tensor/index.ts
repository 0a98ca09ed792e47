// The tensor floor as the floors above use it. The public names are chosen in src/index.ts. current.ts is not among it: its
// declarations lead to those of the whole engine, which need WebGPU types that a consumer may not have.
export { arenaRuns, packVariables } from "./arena.ts";
export {
  getBackend,
  nextFrame,
  ready,
  setBackend,
  type TimingInfo,
  time,
} from "./compatibility.ts";
export { type Compiled, compile } from "./compile.ts";
export { tensorsIn } from "./containers.ts";
export { fromHost, type TensorLike, toTensor } from "./convert.ts";
export {
  fill,
  ones,
  onesLike,
  runtimeScalar,
  scalar,
  type TensorData,
  tensor,
  tensor1d,
  tensor2d,
  tensor3d,
  tensor4d,
  tensor5d,
  tensor6d,
  zeros,
  zerosLike,
} from "./creation.ts";
export { type CustomGradient, customGrad, type Save } from "./custom-grad.ts";
export type { ExplainedDispatch, Explanation } from "./explanation.ts";
export {
  type Differentiable,
  grad,
  gradientsByVariable,
  grads,
  valueAndGrad,
  valueAndGrads,
  variableGrads,
  variableOf,
} from "./gradients.ts";
export type { InitOptions } from "./init-options.ts";
export type { NestedArray } from "./nested.ts";
export * from "./ops/index.ts";
export { type ProfileInfo, profile } from "./profile.ts";
export type {
  Scalar,
  Tensor1D,
  Tensor2D,
  Tensor3D,
  Tensor4D,
  Tensor5D,
  Tensor6D,
} from "./ranks.ts";
export { type Carried, type ScanOptions, scan } from "./scan.ts";
export { scope } from "./scope.ts";
export { isTracing } from "./scope-state.ts";
export {
  nextSeed,
  ownStream,
  type RandomStream,
  randomKey,
  setSeed,
  splitStream,
  withStream,
} from "./seed.ts";
export { print } from "./show.ts";
export {
  adapterName,
  counters,
  dispose,
  explain,
  idle,
  init,
  memory,
} from "./system.ts";
export { Tensor } from "./tensor.ts";
export { keep, tidy } from "./tidy.ts";
export { Variable, variable, variablesNamed, watchReads } from "./variable.ts";
