import { type ConstraintLike, getConstraint, serializeConstraint } from "../constraints/resolve.ts";
import {
  getInitializer,
  type InitializerLike,
  serializeInitializer,
} from "../initializers/index.ts";
import {
  getRegularizer,
  type RegularizerLike,
  serializeRegularizer,
} from "../regularizers/resolve.ts";
import { cast, mul, neg, relu, sub, type Tensor } from "../tensor/index.ts";
import { floatInput } from "./arguments.ts";
import { checkConfig, type OwnKeys } from "./check-config.ts";
import { Layer } from "./layer.ts";
import { knownDim, type LayerShapes, singleShape } from "./layer-shape.ts";
import type { ConfigDict, LayerConfig } from "./layer-types.ts";

/** What `layers.prelu` takes. */
export interface PReLUConfig extends LayerConfig {
  /** First slopes. Default `"zeros"`. */
  readonly alphaInitializer?: InitializerLike;
  /** Penalty on the slopes. Default none. */
  readonly alphaRegularizer?: RegularizerLike | null;
  /** What training brings the slopes back to after each update. Default none. */
  readonly alphaConstraint?: ConstraintLike | null;
  /** Axes, counted from 1, along which all elements share a slope: `[1]` for the steps of [B, T, I]. Default none. */
  readonly sharedAxes?: number | readonly number[] | null;
}

const keys: OwnKeys<PReLUConfig> = {
  alphaInitializer: "any",
  alphaRegularizer: "any",
  sharedAxes: "any",
  alphaConstraint: "any",
};

/**
 * x above 0, alpha·x below, with slopes that training learns (He et al. 2015, arXiv:1502.01852).
 *
 * Weights: `alpha`, of the input's shape without the batch, 1 along shared axes.
 */
export class PReLU extends Layer {
  static override readonly className = "PReLU";
  readonly sharedAxes: readonly number[];
  readonly #initializer;
  readonly #regularizer;
  readonly #constraint;

  constructor(config: PReLUConfig = {}) {
    super(checkConfig("layers.prelu", config, keys));
    this.sharedAxes = [config.sharedAxes ?? []].flat();
    this.supportsMasking = true;
    this.#initializer = getInitializer(config.alphaInitializer ?? "zeros");
    this.#regularizer = getRegularizer(config.alphaRegularizer);
    this.#constraint = getConstraint(config.alphaConstraint);
  }

  override build(inputShape: LayerShapes): void {
    const shape = singleShape(inputShape, this.name);
    const sizes = shape.slice(1).map((_, i) => {
      const axis = i + 1;
      return this.sharedAxes.includes(axis) ? 1 : knownDim(shape, axis, this.name);
    });
    const [first, penalty] = [this.#initializer, this.#regularizer];
    this.addWeight("alpha", sizes, "float32", first, penalty, true, this.#constraint);
    super.build(inputShape);
  }

  override call(inputs: Tensor | readonly Tensor[]): Tensor {
    const x = floatInput(inputs, this.name);
    return sub(relu(x), mul(cast(this.weight("alpha"), x.dtype), relu(neg(x))));
  }

  override getConfig(): ConfigDict {
    return {
      ...super.getConfig(),
      alphaInitializer: serializeInitializer(this.#initializer),
      alphaRegularizer: serializeRegularizer(this.#regularizer),
      alphaConstraint: serializeConstraint(this.#constraint),
      sharedAxes: [...this.sharedAxes],
    };
  }
}
