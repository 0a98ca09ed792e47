/** The public names of `train`. */
export { type AdadeltaConfig, adadelta } from "./adadelta.ts";
export { type AdafactorConfig, adafactor } from "./adafactor.ts";
export { type AdagradConfig, adagrad } from "./adagrad.ts";
export { type AdamConfig, type AdamwConfig, adam, adamw, adamw as adamW } from "./adam.ts";
export { type AdamaxConfig, adamax } from "./adamax.ts";
export {
  type CosineDecayConfig,
  type CosineDecayRestartsConfig,
  cosineDecay,
  cosineDecayRestarts,
} from "./cosine-decay.ts";
export { CustomOptimizer, type UpdateContext, type UpdateResult } from "./custom-optimizer.ts";
export { type LionConfig, lion } from "./lion.ts";
export {
  type LossScaleConfig,
  LossScaleOptimizer,
  lossScaleOptimizer,
} from "./loss-scale-optimizer.ts";
export { type NadamConfig, nadam } from "./nadam.ts";
export type { NamedGradients, NamedTensor } from "./named-tensor.ts";
export { Optimizer } from "./optimizer.ts";
export type { OptimizerConfig } from "./optimizer-config.ts";
export { type PiecewiseConstantConfig, piecewiseConstant } from "./piecewise-constant.ts";
export { type PolynomialDecayConfig, polynomialDecay } from "./polynomial-decay.ts";
export {
  type ExponentialDecayConfig,
  exponentialDecay,
  type InverseTimeDecayConfig,
  inverseTimeDecay,
} from "./rate-decay.ts";
export type { OptimizerName, OptimizerSettings, OptimizerSpec } from "./resolve.ts";
export type { LearningRate } from "./resolve-schedule.ts";
export { type RmspropConfig, rmsprop } from "./rmsprop.ts";
export { type LearningRateSchedule, Schedule } from "./schedule.ts";
export { momentum, type SgdConfig, sgd } from "./sgd.ts";
