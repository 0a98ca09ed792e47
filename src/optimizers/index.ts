/** The public names of `train`. */
export { type AdamConfig, type AdamwConfig, adam, adamw, adamw as adamW } from "./adam.ts";
export { type NamedGradients, type NamedTensor, Optimizer } from "./optimizer.ts";
export type { OptimizerName, OptimizerSettings, OptimizerSpec } from "./resolve.ts";
export { type RmspropConfig, rmsprop } from "./rmsprop.ts";
export {
  type CosineDecayConfig,
  cosineDecay,
  type ExponentialDecayConfig,
  exponentialDecay,
  type LearningRateSchedule,
  type PiecewiseConstantConfig,
  type PolynomialDecayConfig,
  piecewiseConstant,
  polynomialDecay,
} from "./schedules.ts";
export { momentum, type SgdConfig, sgd } from "./sgd.ts";
export type { OptimizerConfig } from "./update-rule.ts";
