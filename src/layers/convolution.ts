import { ArgumentError, ShapeError } from "../errors.ts";
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
import { channelsLast, windowedShape } from "./windowed-shape.ts";

/** What all convolution layers take; sizes are a number, or a list with one for each axis. */
export interface ConvolutionConfig extends LayerConfig, ConstrainedKernelConfig {
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
  ...constrainedKernelKeys,
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
  readonly #kernel;

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
    this.#kernel = resolveConstrainedKernel(config);
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
    addKernel(this, this.#kernel, {
      kernel: [...this.kernelSize, channels / this.groups, this.filters],
      bias: this.useBias ? [this.filters] : null,
    });
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
      ...serializeConstrainedKernel(this.#kernel),
      activityRegularizer: serializeRegularizer(this.activityRegularizer),
    };
  }
}
