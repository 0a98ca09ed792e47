import { ArgumentError } from "../errors.ts";
import { resolveName, type Spelled } from "../names/resolve.ts";
import type { ActivationFunction } from "./activations.ts";
import * as activations from "./activations.ts";

const table = {
  linear: activations.linear,
  relu: activations.relu,
  relu6: activations.relu6,
  leakyRelu: activations.leakyRelu,
  elu: activations.elu,
  selu: activations.selu,
  softplus: activations.softplus,
  softsign: activations.softsign,
  tanh: activations.tanh,
  sigmoid: activations.sigmoid,
  hardSigmoid: activations.hardSigmoid,
  exponential: activations.exponential,
  swish: activations.swish,
  gelu: activations.gelu,
  geluNew: activations.geluNew,
  mish: activations.mish,
  softmax: activations.softmax,
  logSoftmax: activations.logSoftmax,
} satisfies Record<string, ActivationFunction>;

type CanonicalName = keyof typeof table;
const names = Object.keys(table) as CanonicalName[];

/** Names that a config may give for an activation. */
export type ActivationName = Spelled<CanonicalName> | "silu";

/** What a config takes as an activation: a name, a function of a tensor, or null for none. */
export type ActivationLike = ActivationName | ActivationFunction | null;

/**
 * The function that a config means; null means `linear`.
 * @throws {ArgumentError} for an unknown name.
 */
export function getActivation(given: ActivationLike): ActivationFunction {
  if (given === null) return activations.linear;
  if (typeof given === "function") return given;
  return table[
    resolveName(given, names, {
      what: "activation",
      aliases: { silu: "swish", exp: "exponential" },
    })
  ];
}

/**
 * The name of an activation, for configs.
 * @throws {ArgumentError} for a function that is none of the named ones.
 */
export function activationName(activation: ActivationFunction): CanonicalName {
  const name = names.find((one) => table[one] === activation);
  if (name !== undefined) return name;
  throw new ArgumentError(
    "activation: a function of your own cannot be written to a config. Expected one of the named " +
      `activations: ${names.join(", ")}.`,
  );
}
