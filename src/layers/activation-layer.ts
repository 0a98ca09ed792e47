import type { Tensor } from "../tensor/index.ts";
import { type ActivationLike, activationName, getActivation } from "./activation-names.ts";
import { softmax } from "./activations.ts";
import { singleInput } from "./arguments.ts";
import { checkConfig, type OwnKeys } from "./check-config.ts";
import { Layer } from "./layer.ts";
import type { ConfigDict, LayerConfig } from "./layer-types.ts";

/** What `layers.activation` takes. */
export interface ActivationConfig extends LayerConfig {
  /** The function to apply. */
  readonly activation: ActivationLike;
}

const keys: OwnKeys<ActivationConfig> = { activation: "any" };

/** Applies an activation; no weights. */
export class Activation extends Layer {
  static override readonly className = "Activation";
  readonly #activation;

  constructor(config: ActivationConfig) {
    super(checkConfig("layers.activation", config, keys));
    this.#activation = getActivation(config.activation);
    this.supportsMasking = true;
  }

  /** Whether the output is probabilities: the activation is softmax. */
  get endsInSoftmax(): boolean {
    return this.#activation === softmax;
  }

  override call(inputs: Tensor | readonly Tensor[]): Tensor {
    return this.#activation(singleInput(inputs, this.name));
  }

  override getConfig(): ConfigDict {
    return { ...super.getConfig(), activation: activationName(this.#activation) };
  }
}

/**
 * Applies an activation function to its input.
 *
 * @example
 * const y = sl.layers.activation({ activation: "softsign" }).apply(sl.tensor1d([-1, 0, 1]));
 * await y.array(); // [-0.5, 0, 0.5]
 * @param config `activation`: a name, or a function of a tensor.
 * @throws {ArgumentError} for an unknown name.
 * @see Keras `keras.layers.Activation`
 */
export function activation(config: ActivationConfig): Activation {
  return new Activation(config);
}
