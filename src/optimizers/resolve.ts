import { ArgumentError } from "../errors.ts";
import { checkKeys } from "../names/check-keys.ts";
import { describeValue } from "../names/describe.ts";
import { resolveName, type Spelled } from "../names/resolve.ts";
import { type AdamConfig, type AdamwConfig, adam, adamw } from "./adam.ts";
import { Optimizer } from "./optimizer.ts";
import { type RmspropConfig, rmsprop } from "./rmsprop.ts";
import { type SgdConfig, sgd } from "./sgd.ts";

/** Optimizers by name. */
export type OptimizerName = "sgd" | "rmsprop" | "adam" | "adamw";

/** An optimizer with settings, as plain data. */
export type OptimizerSettings =
  | ({ readonly kind: "sgd" } & SgdConfig)
  | ({ readonly kind: "rmsprop" } & RmspropConfig)
  | ({ readonly kind: "adam" } & AdamConfig)
  | ({ readonly kind: "adamw" } & AdamwConfig);

/** An optimizer as saved models of TF.js and Keras describe it. */
export interface SerializedOptimizer {
  readonly className: string;
  readonly config?: SgdConfig | RmspropConfig | AdamConfig | AdamwConfig;
}

/** An optimizer as `compile` takes it. */
export type OptimizerSpec =
  | Spelled<OptimizerName>
  | OptimizerSettings
  | SerializedOptimizer
  | Optimizer;

const names = ["sgd", "rmsprop", "adam", "adamw"] as const satisfies readonly OptimizerName[];

/**
 * The optimizer that a name, settings or an optimizer stands for.
 * @throws {ArgumentError} for anything else, naming the nearest optimizer.
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
  const name = resolveName<OptimizerName>(kind, names, { what: "optimizer" });
  const makers = { sgd, rmsprop, adam, adamw };
  return makers[name](config);
}

/** `{ className: "Adam", config: { learningRate: 0.01 } }` → `{ kind: "Adam", learningRate: 0.01 }` */
function fromSerialized(settings: SerializedOptimizer): { kind: string } & AdamwConfig {
  checkKeys("optimizer", settings, { className: "string", config: "any" });
  return { ...settings.config, kind: settings.className };
}
