import { ArgumentError } from "../errors.ts";
import { checkKeys } from "../names/check-keys.ts";
import { deserializeAs } from "../names/class-registry.ts";
import { describeValue } from "../names/describe.ts";
import { findName, resolveName, type Spelled } from "../names/resolve.ts";
import { type AdadeltaConfig, adadelta } from "./adadelta.ts";
import { type AdafactorConfig, adafactor } from "./adafactor.ts";
import { type AdagradConfig, adagrad } from "./adagrad.ts";
import { type AdamConfig, type AdamwConfig, adam, adamw } from "./adam.ts";
import { type AdamaxConfig, adamax } from "./adamax.ts";
import { type LionConfig, lion } from "./lion.ts";
import {
  type LossScaleConfig,
  LossScaleOptimizer,
  lossScaleOptimizer,
} from "./loss-scale-optimizer.ts";
import { type NadamConfig, nadam } from "./nadam.ts";
import { Optimizer } from "./optimizer.ts";
import { type RmspropConfig, rmsprop } from "./rmsprop.ts";
import { type SgdConfig, sgd } from "./sgd.ts";

/** Settings of the optimizers by name. */
interface Configs {
  readonly sgd: SgdConfig;
  readonly rmsprop: RmspropConfig;
  readonly adagrad: AdagradConfig;
  readonly adadelta: AdadeltaConfig;
  readonly adam: AdamConfig;
  readonly adamw: AdamwConfig;
  readonly adamax: AdamaxConfig;
  readonly nadam: NadamConfig;
  readonly lion: LionConfig;
  readonly adafactor: AdafactorConfig;
}

/** Optimizers by name. */
export type OptimizerName = keyof Configs;

/** `train.lossScaleOptimizer` as plain data. */
export interface LossScaleSettings extends LossScaleConfig {
  readonly kind: "lossScaleOptimizer";
  readonly innerOptimizer: OptimizerSpec;
}

/** An optimizer with settings, as plain data. */
export type OptimizerSettings =
  | { [Name in OptimizerName]: { readonly kind: Name } & Configs[Name] }[OptimizerName]
  | LossScaleSettings;

/** An optimizer as saved models of TF.js and Keras describe it; its class may be one of your own. */
export interface SerializedOptimizer {
  readonly className: string;
  readonly config?: Configs[OptimizerName] | Readonly<Record<string, unknown>>;
}

/** An optimizer as `compile` takes it. */
export type OptimizerSpec =
  | Spelled<OptimizerName>
  | OptimizerSettings
  | SerializedOptimizer
  | Optimizer;

const makers: { readonly [Name in OptimizerName]: (config: Configs[Name]) => Optimizer } = {
  sgd,
  rmsprop,
  adagrad,
  adadelta,
  adam,
  adamw,
  adamax,
  nadam,
  lion,
  adafactor,
};

const names = Object.keys(makers) as OptimizerName[];

/**
 * The optimizer that a name, settings or an optimizer stands for.
 * @throws {ArgumentError} for anything else, naming the nearest optimizer; for a class that nobody registered.
 */
export function resolveOptimizer(spec: OptimizerSpec): Optimizer {
  if (spec instanceof Optimizer) return spec;
  const settings = typeof spec === "string" ? { kind: spec } : spec;
  if (typeof settings !== "object" || settings === null || Array.isArray(settings)) {
    throw new ArgumentError(
      `optimizer: received ${describeValue(spec)}. Expected a name (${names.join(", ")}), settings ` +
        '{ kind: "adam", learningRate: 0.001 }, or an optimizer such as train.adam(0.001).',
    );
  }
  const { kind, ...config } = "className" in settings ? fromSerialized(settings) : settings;
  if (findName(kind, [LossScaleOptimizer.className]) !== null) return scaling(config);
  const name = findName(kind, names);
  if (name !== null) return (makers[name] as (config: object) => Optimizer)(config);
  if (typeof spec === "string") resolveName(kind, names, { what: "optimizer" });
  return ownOptimizer(String(kind), config);
}

/** The optimizer that scales the losses of another, from plain data; it cannot stand for itself, as a name does. */
function scaling(settings: object): Optimizer {
  const { innerOptimizer, ...config } = settings as Partial<LossScaleSettings>;
  if (innerOptimizer === undefined || innerOptimizer === null) {
    throw new ArgumentError(
      "optimizer: received lossScaleOptimizer without innerOptimizer. Expected " +
        '{ kind: "lossScaleOptimizer", innerOptimizer: "adam" }.',
    );
  }
  return lossScaleOptimizer(resolveOptimizer(innerOptimizer), config);
}

/** The optimizer of a registered class. */
function ownOptimizer(className: string, config: Record<string, unknown>): Optimizer {
  return deserializeAs(
    { className, config },
    { what: "optimizer", base: Optimizer, baseName: "train.CustomOptimizer", known: names },
  );
}

/** `{ className: "Adam", config: { learningRate: 0.01 } }` → `{ kind: "Adam", learningRate: 0.01 }` */
function fromSerialized(settings: SerializedOptimizer): { kind: string } {
  checkKeys("optimizer", settings, { className: "string", config: "any" });
  return { ...settings.config, kind: settings.className };
}
