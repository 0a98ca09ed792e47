import { type ConstraintLike, getConstraint, serializeConstraint } from "../constraints/resolve.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import {
  getInitializer,
  type InitializerLike,
  serializeInitializer,
} from "../initializers/index.ts";
import { wholeNumber } from "../names/whole-number.ts";
import {
  getRegularizer,
  type RegularizerLike,
  serializeRegularizer,
} from "../regularizers/resolve.ts";
import { add, cast, Tensor } from "../tensor/index.ts";
import { convolve } from "../tensor/ops/convolve.ts";
import { checkStrides, paddingOf, windowSizes } from "../tensor/ops/window-placement.ts";
import { type ActivationLike, activationName, getActivation } from "./activation-names.ts";
import { floatInput } from "./arguments.ts";
import { checkConfig, type OwnKeys } from "./check-config.ts";
import { Layer } from "./layer.ts";
import { knownDim, type LayerShape, type LayerShapes, singleShape } from "./layer-shape.ts";
import type { ConfigDict, LayerConfig } from "./layer-types.ts";
import { channelsLast, windowedShape } from "./windowed-shape.ts";

/** What all convolution layers take; sizes are a number, or a list with one for each axis. */
export interface ConvolutionConfig extends LayerConfig {
  /** Number of output channels, F. */
  readonly filters: number;
  /** Size of the windows. */
  readonly kernelSize: number | readonly number[];
  /** From one window to the next. Default 1. */
  readonly strides?: number | readonly number[];
  /** `"valid"` (default): windows inside only. `"same"`: ⌈length / stride⌉ windows, zeros around. */
  readonly padding?: "valid" | "same" | "causal";
  /** `"channelsLast"`, the only one. */
  readonly dataFormat?: "channelsLast";
  /** Elements from one of a window to the next. Default 1. Not together with strides above 1. */
  readonly dilationRate?: number | readonly number[];
  /**
   * Into how many groups channels are split: filters of a group see the input channels of that group only. Divides
   * `filters` and the input's channels. Default 1.
   */
  readonly groups?: number;
  /** Applied to the result. Default none. */
  readonly activation?: ActivationLike;
  /** Whether a bias is added. Default true. */
  readonly useBias?: boolean;
  /** First values of the kernel. Default `"glorotUniform"`. */
  readonly kernelInitializer?: InitializerLike;
  /** First values of the bias [F]. Default `"zeros"`. */
  readonly biasInitializer?: InitializerLike;
  /** Penalty on the kernel. Default none. */
  readonly kernelRegularizer?: RegularizerLike | null;
  /** Penalty on the bias. Default none. */
  readonly biasRegularizer?: RegularizerLike | null;
  /** What training brings the kernel back to after each update. Default none. */
  readonly kernelConstraint?: ConstraintLike | null;
  /** The same for the bias. Default none. */
  readonly biasConstraint?: ConstraintLike | null;
  /** Penalty on the output. Default none. */
  readonly activityRegularizer?: RegularizerLike | null;
}

const keys: OwnKeys<ConvolutionConfig> = {
  filters: "number",
  kernelSize: "any",
  strides: "any",
  padding: "string",
  dataFormat: "string",
  dilationRate: "any",
  groups: "number",
  activation: "any",
  useBias: "boolean",
  kernelInitializer: "any",
  biasInitializer: "any",
  kernelRegularizer: "any",
  biasRegularizer: "any",
  kernelConstraint: "any",
  biasConstraint: "any",
  activityRegularizer: "any",
  loraRank: "notYet",
};

/** What tells `layers.conv1d` from `layers.conv2d`. */
interface Kind {
  readonly maker: string;
  /** Axes that windows move over. */
  readonly rank: number;
  readonly paddings: readonly ("valid" | "same" | "causal")[];
}

/**
 * `activation(convolution(x, kernel) + bias)`, over the axes between batch and channels. A mask ends here, as in Keras.
 *
 * Weights: `kernel` [...kernelSize, I/groups, F], `bias` [F].
 */
export class Convolution extends Layer {
  readonly filters: number;
  readonly kernelSize: readonly number[];
  readonly strides: readonly number[];
  readonly padding: "valid" | "same" | "causal";
  readonly dilationRate: readonly number[];
  readonly groups: number;
  readonly useBias: boolean;
  readonly #rank: number;
  readonly #activation;
  readonly #kernelInitializer;
  readonly #biasInitializer;
  readonly #kernelRegularizer;
  readonly #biasRegularizer;
  readonly #kernelConstraint;
  readonly #biasConstraint;

  protected constructor(config: ConvolutionConfig, { maker, rank, paddings }: Kind) {
    super(checkConfig(maker, config, keys));
    const sizes = (given: unknown, what: string) =>
      windowSizes(given, rank, `${this.name}: ${what}`);
    this.#rank = rank;
    this.filters = wholeNumber(config.filters, `${this.name}: filters`);
    this.kernelSize = sizes(config.kernelSize, "kernelSize");
    this.strides = sizes(config.strides ?? 1, "strides");
    this.dilationRate = sizes(config.dilationRate ?? 1, "dilationRate");
    checkStrides(this.strides, this.dilationRate, this.name);
    this.padding = paddingOf(config.padding ?? "valid", paddings, `${this.name}: padding`);
    channelsLast(config.dataFormat, this.name);
    this.groups = wholeNumber(config.groups ?? 1, `${this.name}: groups`);
    if (this.filters % this.groups !== 0) {
      throw new ArgumentError(
        `${this.name}: ${this.filters} filters in ${this.groups} groups. Expected a number of filters that the groups divide.`,
        { details: { filters: this.filters, groups: this.groups } },
      );
    }
    this.useBias = config.useBias ?? true;
    this.inputSpec = [{ ndim: rank + 2 }];
    this.activityRegularizer = getRegularizer(config.activityRegularizer);
    this.#activation = getActivation(config.activation ?? null);
    this.#kernelInitializer = getInitializer(config.kernelInitializer ?? "glorotUniform");
    this.#biasInitializer = getInitializer(config.biasInitializer ?? "zeros");
    this.#kernelRegularizer = getRegularizer(config.kernelRegularizer);
    this.#biasRegularizer = getRegularizer(config.biasRegularizer);
    this.#kernelConstraint = getConstraint(config.kernelConstraint);
    this.#biasConstraint = getConstraint(config.biasConstraint);
  }

  override build(inputShape: LayerShapes): void {
    const channels = knownDim(singleShape(inputShape, this.name), -1, this.name);
    if (channels % this.groups !== 0) {
      throw new ShapeError(
        `${this.name}: ${channels} input channels in ${this.groups} groups. Expected a number that the groups divide.`,
        { details: { channels, groups: this.groups } },
      );
    }
    this.computeOutputShape(inputShape); // too short an input is told before there are weights
    this.addWeight(
      "kernel",
      [...this.kernelSize, channels / this.groups, this.filters],
      "float32",
      this.#kernelInitializer,
      this.#kernelRegularizer,
      true,
      this.#kernelConstraint,
    );
    if (this.useBias) {
      this.addWeight(
        "bias",
        [this.filters],
        "float32",
        this.#biasInitializer,
        this.#biasRegularizer,
        true,
        this.#biasConstraint,
      );
    }
    this.inputSpec = [{ ndim: this.#rank + 2, axes: { [-1]: channels } }];
    super.build(inputShape);
  }

  override call(inputs: Tensor | readonly Tensor[]): Tensor {
    const x = floatInput(inputs, this.name); // [B, ..., I]
    const { strides, dilationRate, padding, groups, name } = this;
    const rule = { strides, dilations: dilationRate, padding, groups, label: name };
    const product = Tensor.of(convolve(x.value, cast(this.weight("kernel"), x.dtype).value, rule)); // [B, ..., F]
    return this.#activation(
      this.useBias ? add(product, cast(this.weight("bias"), x.dtype)) : product,
    );
  }

  override computeOutputShape(inputShape: LayerShapes): LayerShape {
    const { kernelSize: sizes, strides, dilationRate: dilations, padding } = this;
    const rule = { sizes, strides, dilations, padding };
    const shape = windowedShape(singleShape(inputShape, this.name), rule, this.name);
    return [...shape.slice(0, -1), this.filters];
  }

  override getConfig(): ConfigDict {
    return {
      ...super.getConfig(),
      filters: this.filters,
      kernelSize: [...this.kernelSize],
      strides: [...this.strides],
      padding: this.padding,
      dataFormat: "channelsLast",
      dilationRate: [...this.dilationRate],
      groups: this.groups,
      activation: activationName(this.#activation),
      useBias: this.useBias,
      kernelInitializer: serializeInitializer(this.#kernelInitializer),
      biasInitializer: serializeInitializer(this.#biasInitializer),
      kernelRegularizer: serializeRegularizer(this.#kernelRegularizer),
      biasRegularizer: serializeRegularizer(this.#biasRegularizer),
      kernelConstraint: serializeConstraint(this.#kernelConstraint),
      biasConstraint: serializeConstraint(this.#biasConstraint),
      activityRegularizer: serializeRegularizer(this.activityRegularizer),
    };
  }
}
