/** The public names of `callbacks`. */
export {
  type BackupAndRestore,
  type BackupAndRestoreConfig,
  backupAndRestore,
} from "./backup-and-restore.ts";
export { Callback } from "./callback.ts";
export { type CSVLogger, type CSVLoggerConfig, csvLogger } from "./csv-logger.ts";
export { type EarlyStopping, type EarlyStoppingConfig, earlyStopping } from "./early-stopping.ts";
export { type JSONLLogger, type JSONLLoggerConfig, jsonlLogger } from "./jsonl-logger.ts";
export { lambda } from "./lambda.ts";
export {
  type EpochSchedule,
  type LearningRateScheduler,
  learningRateScheduler,
} from "./learning-rate-scheduler.ts";
export type { LogTarget } from "./line-target.ts";
export {
  type ModelCheckpoint,
  type ModelCheckpointConfig,
  modelCheckpoint,
} from "./model-checkpoint.ts";
export type { MonitorConfig, MonitorMode } from "./monitor.ts";
export {
  type ReduceLROnPlateau,
  type ReduceLROnPlateauConfig,
  reduceLROnPlateau,
} from "./reduce-lr-on-plateau.ts";
export { type TerminateOnNaN, terminateOnNaN } from "./terminate-on-nan.ts";
