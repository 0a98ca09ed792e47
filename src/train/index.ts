/** The public names of models and training. */

export { type InputConfig, input } from "../layers/input.ts";
export type { ClassWeight } from "./batches/class-weight.ts";
export type { ModelData, SampleWeight } from "./batches/data.ts";
export type { BatchDataset, DatasetBatch } from "./batches/dataset-source.ts";
export { Callback } from "./callbacks/callback.ts";
export type {
  CallbackHooks,
  CallbackModel,
  CallbackState,
  EpochLogs,
  Logs,
} from "./callbacks/callback-hooks.ts";
export type { FitParams, HistoryParams } from "./callbacks/fit-params.ts";
export * as callbacks from "./callbacks/index.ts";
export type { CompileConfig } from "./compile-config.ts";
export type { SaveConfig } from "./compiled-model.ts";
export type {
  FitConfig,
  FitDatasetConfig,
  ValidationData,
  Verbose,
  YieldEvery,
} from "./fit-config.ts";
export { type ForecastConfig, forecast } from "./forecast/forecast.ts";
export { FunctionalModel, type ModelConfig, model } from "./functional.ts";
export { type Beam, type BeamSearchConfig, beamSearch } from "./generate/beam-search.ts";
export { generate } from "./generate/generate.ts";
export type { PromptIds } from "./generate/prompt.ts";
export type { GenerateConfig, TextCodec } from "./generate/settings.ts";
export { History } from "./history/history.ts";
export type { HistorySVGOptions } from "./history/history-svg.ts";
export type { EvaluateConfig, PredictConfig } from "./judge-config.ts";
export { Model } from "./model.ts";
export { type LoadConfig, loadLayersModel, modelFromJSON } from "./saving/load-model.ts";
export type { LoadWeightsConfig } from "./saving/match-weights.ts";
export { Sequential, type SequentialConfig, sequential } from "./sequential.ts";
