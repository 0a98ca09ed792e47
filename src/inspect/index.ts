/** Looks inside models, trained or not: `sl.inspect`. What comes back is plain data; the model stays as it is. */
export { type AttentionMap, attentionMaps } from "./attention-maps.ts";
export { type GateSequence, gates, type LayerGates } from "./gates.ts";
export { type GradientFlow, gradientFlow } from "./gradient-flow.ts";
export {
  type Attributions,
  type IntegratedGradientsConfig,
  integratedGradients,
} from "./integrated-gradients.ts";
export type { AttributionTarget } from "./target.ts";
