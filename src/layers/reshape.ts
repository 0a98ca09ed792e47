import { ArgumentError, ShapeError } from "../errors.ts";
import type { DType } from "../graph/dtype.ts";
import { formatShape } from "../graph/shape.ts";
import { describeValue } from "../names/describe.ts";
import { reshape, type Tensor } from "../tensor/index.ts";
import { singleInput } from "./arguments.ts";
import { checkConfig, type OwnKeys } from "./check-config.ts";
import { Layer } from "./layer.ts";
import { formatLayerShape, type LayerShape, type LayerShapes, singleShape } from "./layer-shape.ts";
import type { ConfigDict, LayerConfig } from "./layer-types.ts";

/** What `layers.reshape` takes. */
export interface ReshapeConfig extends LayerConfig {
  /** Shape without the batch; one size may be -1, which stands for what is left. */
  readonly targetShape: readonly number[];
}

const keys: OwnKeys<ReshapeConfig> = { targetShape: "any" };

/** [B, …] → [B, …targetShape]; the elements keep their order. */
export class Reshape extends Layer {
  static override readonly className = "Reshape";
  readonly targetShape: readonly number[];

  constructor(config: ReshapeConfig) {
    super(checkConfig("layers.reshape", config, keys));
    this.targetShape = config.targetShape;
    this.inputSpec = [{ minNDim: 1 }];
    if (!Array.isArray(config.targetShape)) {
      throw new ArgumentError(
        `${this.name}: targetShape is ${describeValue(config.targetShape)}. Expected a list of sizes: [3, -1].`,
      );
    }
    const unknown = this.targetShape.filter((dim) => dim === -1).length;
    const valid = this.targetShape.every((dim) => Number.isInteger(dim) && (dim > 0 || dim === -1));
    if (!valid || unknown > 1) {
      throw new ArgumentError(
        `${this.name}: targetShape is ${formatShape(this.targetShape)}. Expected whole numbers ` +
          "from 1 up, at most one of them -1.",
        { details: { targetShape: this.targetShape } },
      );
    }
  }

  override call(inputs: Tensor | readonly Tensor[]): Tensor {
    const x = singleInput(inputs, this.name);
    const [batch = 1, ...rest] = x.shape;
    return reshape(x, [batch, ...this.#resolve(rest).map((dim) => dim ?? 1)]);
  }

  override computeOutputShape(inputShape: LayerShapes): LayerShape {
    const [batch = null, ...rest] = singleShape(inputShape, this.name);
    return [batch, ...this.#resolve(rest)];
  }

  override computeOutputDType(inputDType: DType): DType {
    return inputDType;
  }

  /** The target with -1 filled in from the size of the input without its batch. */
  #resolve(rest: LayerShape): LayerShape {
    const size = rest.reduce(
      (product, dim) => (product === null || dim === null ? null : product * dim),
      1,
    );
    const known = this.targetShape.reduce(
      (product, dim) => (dim === -1 ? product : product * dim),
      1,
    );
    const open = this.targetShape.includes(-1);
    if (size === null) return this.targetShape.map((dim) => (dim === -1 ? null : dim));
    if (open ? size % known !== 0 : size !== known) {
      throw new ShapeError(
        `${this.name}: an example of shape ${formatLayerShape(rest)} has ${size} elements. ` +
          `Expected ${open ? "a multiple of " : ""}${known} for the target ` +
          `${formatShape(this.targetShape)}.`,
        { details: { shape: rest, targetShape: this.targetShape } },
      );
    }
    return this.targetShape.map((dim) => (dim === -1 ? size / known : dim));
  }

  override getConfig(): ConfigDict {
    return { ...super.getConfig(), targetShape: [...this.targetShape] };
  }
}

/**
 * Gives each example another shape; the elements keep their order.
 *
 * @example
 * sl.layers.reshape({ targetShape: [2, -1] }).apply(sl.ones([5, 6])).shape; // [5, 2, 3]
 * @param config `targetShape`: the shape without the batch; one size may be -1.
 * @throws {ArgumentError} for a target that is no shape.
 * @throws {ShapeError} by `apply`, when an example has another number of elements.
 * @see Keras `keras.layers.Reshape`
 */
export function reshapeLayer(config: ReshapeConfig): Reshape {
  return new Reshape(config);
}
