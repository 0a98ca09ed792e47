import { wholeNumber } from "../names/whole-number.ts";
import {
  getRegularizer,
  type RegularizerLike,
  serializeRegularizer,
} from "../regularizers/resolve.ts";
import { add, cast, matMul, reshape, type Tensor } from "../tensor/index.ts";
import { type ActivationLike, activationName, getActivation } from "./activation-names.ts";
import { softmax } from "./activations.ts";
import { floatInput } from "./arguments.ts";
import { checkConfig, type OwnKeys } from "./check-config.ts";
import {
  addKernel,
  type ConstrainedKernelConfig,
  constrainedKernelKeys,
  resolveConstrainedKernel,
  serializeConstrainedKernel,
} from "./kernel-config.ts";
import { Layer } from "./layer.ts";
import { knownDim, type LayerShape, type LayerShapes, singleShape } from "./layer-shape.ts";
import type { ConfigDict, LayerConfig } from "./layer-types.ts";

/** What `layers.dense` takes. */
export interface DenseConfig extends LayerConfig, ConstrainedKernelConfig {
  /** Size of the output's last axis. */
  readonly units: number;
  /** Applied to the result. Default none. */
  readonly activation?: ActivationLike;
  /** Whether a bias is added. Default true. */
  readonly useBias?: boolean;
  /** Penalty on the output. Default none. */
  readonly activityRegularizer?: RegularizerLike | null;
  /** Another way to say `inputShape: [inputDim]`. */
  readonly inputDim?: number;
}

const keys: OwnKeys<DenseConfig> = {
  units: "number",
  activation: "any",
  useBias: "boolean",
  ...constrainedKernelKeys,
  activityRegularizer: "any",
  inputDim: "number",
  loraRank: "notYet",
};

/**
 * Fully connected: `activation(x · kernel + bias)`, along the last axis of any rank from 2 up.
 *
 * Weights: `kernel` [I, units], `bias` [units].
 */
export class Dense extends Layer {
  static override readonly className = "Dense";
  readonly units: number;
  readonly useBias: boolean;
  readonly #activation;
  readonly #kernel;

  constructor(config: DenseConfig) {
    const { inputDim } = checkConfig("layers.dense", config, keys);
    super(
      inputDim === undefined || config.inputShape ? config : { ...config, inputShape: [inputDim] },
    );
    this.units = wholeNumber(config.units, `${this.name}: units`);
    this.useBias = config.useBias ?? true;
    this.supportsMasking = true;
    this.inputSpec = [{ minNDim: 2 }];
    this.activityRegularizer = getRegularizer(config.activityRegularizer);
    this.#activation = getActivation(config.activation ?? null);
    this.#kernel = resolveConstrainedKernel(config);
  }

  /** Whether the output is probabilities: the activation is softmax. */
  get endsInSoftmax(): boolean {
    return this.#activation === softmax;
  }

  override build(inputShape: LayerShapes): void {
    const features = knownDim(singleShape(inputShape, this.name), -1, this.name);
    addKernel(this, this.#kernel, {
      kernel: [features, this.units],
      bias: this.useBias ? [this.units] : null,
    });
    this.inputSpec = [{ minNDim: 2, axes: { [-1]: features } }];
    super.build(inputShape);
  }

  override call(inputs: Tensor | readonly Tensor[]): Tensor {
    const x = floatInput(inputs, this.name); // [..., I]
    const features = x.shape.at(-1) ?? 1;
    const count = x.shape.slice(0, -1).reduce((product, dim) => product * dim, 1); // also where I is 0
    const rows = reshape(x, [count, features]); // [rows, I]
    const product = matMul(rows, cast(this.weight("kernel"), x.dtype)); // [rows, units]
    const sum = this.useBias ? add(product, cast(this.weight("bias"), x.dtype)) : product;
    return this.#activation(reshape(sum, [...x.shape.slice(0, -1), this.units]));
  }

  override computeOutputShape(inputShape: LayerShapes): LayerShape {
    return [...singleShape(inputShape, this.name).slice(0, -1), this.units];
  }

  override getConfig(): ConfigDict {
    return {
      ...super.getConfig(),
      units: this.units,
      activation: activationName(this.#activation),
      useBias: this.useBias,
      ...serializeConstrainedKernel(this.#kernel),
      activityRegularizer: serializeRegularizer(this.activityRegularizer),
    };
  }
}

/**
 * Fully connected layer: `activation(x · kernel + bias)`, along the last axis.
 *
 * Input [B, …, I], output [B, …, units]. Weights: `kernel` [I, units], `bias` [units].
 *
 * @example
 * const layer = sl.layers.dense({ units: 3, activation: "relu" });
 * const y = layer.apply(sl.ones([2, 4]));
 * y.shape; // [2, 3]
 * @param config `units` and the options of {@link DenseConfig}.
 * @throws {ArgumentError} for units that are no whole number from 1 up, and for unknown names.
 * @throws {ShapeError} by `apply`, when the input has fewer than two axes or another number of
 *   features than the kernel.
 * @see Keras `keras.layers.Dense`, PyTorch `torch.nn.Linear`
 */
export function dense(config: DenseConfig): Dense {
  return new Dense(config);
}
