import { ArgumentError } from "../errors.ts";
import type { DType } from "../graph/dtype.ts";
import { type Tensor, transpose } from "../tensor/index.ts";
import { singleInput } from "./arguments.ts";
import { checkConfig, type OwnKeys } from "./check-config.ts";
import { Layer } from "./layer.ts";
import { type LayerShape, type LayerShapes, singleShape } from "./layer-shape.ts";
import type { ConfigDict, LayerConfig } from "./layer-types.ts";

/** What `layers.permute` takes. */
export interface PermuteConfig extends LayerConfig {
  /** The axes in their new order, counted from 1; the batch, axis 0, stays. `[2, 1]` swaps two. */
  readonly dims: readonly number[];
}

const keys: OwnKeys<PermuteConfig> = { dims: "any" };

/** Reorders the axes after the batch. */
export class Permute extends Layer {
  static override readonly className = "Permute";
  readonly dims: readonly number[];

  constructor(config: PermuteConfig) {
    super(checkConfig("layers.permute", config, keys));
    this.dims = config.dims;
    const sorted = Array.isArray(config.dims) ? [...config.dims].sort((a, b) => a - b) : [];
    if (sorted.length === 0 || sorted.some((dim, i) => dim !== i + 1)) {
      throw new ArgumentError(
        `${this.name}: dims is ${JSON.stringify(config.dims)}. Expected a list of the numbers from 1 to the ` +
          "number of axes without the batch, each once.",
        { details: { dims: this.dims } },
      );
    }
    this.inputSpec = [{ ndim: this.dims.length + 1 }];
  }

  override call(inputs: Tensor | readonly Tensor[]): Tensor {
    return transpose(singleInput(inputs, this.name), [0, ...this.dims]);
  }

  override computeOutputShape(inputShape: LayerShapes): LayerShape {
    const shape = singleShape(inputShape, this.name);
    return [0, ...this.dims].map((axis) => shape[axis] ?? null);
  }

  override computeOutputDType(inputDType: DType): DType {
    return inputDType;
  }

  override getConfig(): ConfigDict {
    return { ...super.getConfig(), dims: [...this.dims] };
  }
}

/**
 * Reorders the axes after the batch.
 *
 * @example
 * sl.layers.permute({ dims: [2, 1] }).apply(sl.ones([5, 10, 64])).shape; // [5, 64, 10]
 * @param config `dims`: the axes in their new order, counted from 1.
 * @throws {ArgumentError} when `dims` is no order of the axes.
 * @throws {ShapeError} by `apply`, when the input has another number of axes.
 * @see Keras `keras.layers.Permute`
 */
export function permute(config: PermuteConfig): Permute {
  return new Permute(config);
}
