import type { DType } from "../graph/dtype.ts";
import { reshape, type Tensor } from "../tensor/index.ts";
import { singleInput } from "./arguments.ts";
import { checkConfig, type OwnKeys } from "./check-config.ts";
import { Layer } from "./layer.ts";
import { type LayerShape, type LayerShapes, singleShape } from "./layer-shape.ts";
import type { LayerConfig } from "./layer-types.ts";

const keys: OwnKeys<LayerConfig> = { dataFormat: "notYet" };

/** [B, …] → [B, product of the rest]; [B] → [B, 1]. */
export class Flatten extends Layer {
  static override readonly className = "Flatten";

  constructor(config: LayerConfig = {}) {
    super(checkConfig("layers.flatten", config, keys));
    this.inputSpec = [{ minNDim: 1 }];
  }

  override call(inputs: Tensor | readonly Tensor[]): Tensor {
    const x = singleInput(inputs, this.name); // [B, ...]
    const [batch = 1] = x.shape;
    return reshape(x, [batch, x.shape.slice(1).reduce((size, dim) => size * dim, 1)]);
  }

  override computeOutputShape(inputShape: LayerShapes): LayerShape {
    const [batch = null, ...rest] = singleShape(inputShape, this.name);
    const size = rest.reduce(
      (product, dim) => (product === null || dim === null ? null : product * dim),
      1,
    );
    return [batch, size];
  }

  override computeOutputDType(inputDType: DType): DType {
    return inputDType;
  }
}

/**
 * Joins all axes after the batch into one: [B, …] → [B, N].
 *
 * @example
 * sl.layers.flatten().apply(sl.ones([2, 3, 4])).shape; // [2, 12]
 * @see Keras `keras.layers.Flatten`
 */
export function flatten(config?: LayerConfig): Flatten {
  return new Flatten(config);
}
