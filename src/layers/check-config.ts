import { type ConfigKeys, checkKeys, type KeyRule, type KeyRules } from "../names/check-keys.ts";
import { checkPolicy } from "./dtype-policy.ts";
import type { LayerConfig } from "./layer-types.ts";

const layerKeys: ConfigKeys<LayerConfig> = {
  name: "string",
  trainable: "boolean",
  inputShape: "any",
  batchInputShape: "any",
  batchSize: "any",
  inputDType: "string",
  dtype: "string",
  policyInForce: "string",
  weights: "any",
};

/** Rules for the keys that one kind of layer adds to those of all layers. */
export type OwnKeys<Config> = Readonly<Record<Exclude<keyof Config, keyof LayerConfig>, KeyRule>> &
  KeyRules;

/**
 * The config of a layer of this library, once all its keys are known to be read by it. Layers that users derive have
 * keys of their own, so this is called by each built-in class and not by `Layer`.
 *
 * @param maker As users call it: `layers.dense`.
 * @throws {ArgumentError} as `checkKeys` does.
 */
export function checkConfig<Config extends LayerConfig>(
  maker: string,
  config: Config,
  own: OwnKeys<Config>,
): Config {
  checkKeys(maker, config, { ...own, ...layerKeys });
  if (config.dtype !== undefined && config.dtype !== null) checkPolicy(config.dtype, maker);
  return config;
}
