import type { DType } from "../graph/dtype.ts";
import { wholeNumber } from "../names/whole-number.ts";
import { broadcastTo, reshape, type Tensor } from "../tensor/index.ts";
import { singleInput } from "./arguments.ts";
import { checkConfig, type OwnKeys } from "./check-config.ts";
import { Layer } from "./layer.ts";
import { type LayerShape, type LayerShapes, singleShape } from "./layer-shape.ts";
import type { ConfigDict, LayerConfig } from "./layer-types.ts";

/** What `layers.repeatVector` takes. */
export interface RepeatVectorConfig extends LayerConfig {
  /** How often. */
  readonly n: number;
}

const keys: OwnKeys<RepeatVectorConfig> = { n: "number" };

/** [B, D] → [B, n, D]: the same vector at each of `n` time steps. */
export class RepeatVector extends Layer {
  static override readonly className = "RepeatVector";
  readonly n: number;

  constructor(config: RepeatVectorConfig) {
    super(checkConfig("layers.repeatVector", config, keys));
    this.n = wholeNumber(config.n, `${this.name}: n`);
    this.inputSpec = [{ ndim: 2 }];
  }

  override call(inputs: Tensor | readonly Tensor[]): Tensor {
    const x = singleInput(inputs, this.name); // [B, D]
    const [batch = 1, width = 1] = x.shape;
    return broadcastTo(reshape(x, [batch, 1, width]), [batch, this.n, width]);
  }

  override computeOutputShape(inputShape: LayerShapes): LayerShape {
    const [batch = null, width = null] = singleShape(inputShape, this.name);
    return [batch, this.n, width];
  }

  override computeOutputDType(inputDType: DType): DType {
    return inputDType;
  }

  override getConfig(): ConfigDict {
    return { ...super.getConfig(), n: this.n };
  }
}

/**
 * Repeats a vector over time: [B, D] → [B, n, D].
 *
 * @example
 * sl.layers.repeatVector({ n: 3 }).apply(sl.ones([2, 4])).shape; // [2, 3, 4]
 * @param config `n`: how often.
 * @throws {ArgumentError} when `n` is no whole number from 1 up.
 * @throws {ShapeError} by `apply`, when the input has not two axes.
 * @see Keras `keras.layers.RepeatVector`
 */
export function repeatVector(config: RepeatVectorConfig): RepeatVector {
  return new RepeatVector(config);
}
