import { ArgumentError } from "../errors.ts";
import type { DType } from "../graph/dtype.ts";
import { checkConfig } from "./check-config.ts";
import { Layer } from "./layer.ts";
import type { LayerConfig } from "./layer-types.ts";

/**
 * The beginning of a model: says what comes in, and hands it on. Wants `inputShape` or
 * `batchInputShape`.
 */
export class InputLayer extends Layer {
  static override readonly className = "InputLayer";

  constructor(config: LayerConfig) {
    super(checkConfig("layers.inputLayer", config, {}));
    this.supportsMasking = true;
    if (this.batchInputShape === null) {
      throw new ArgumentError(
        `${this.name}: received no shape. Expected inputShape (without the batch) or ` +
          "batchInputShape.",
      );
    }
    this.inputSpec = [{ shape: this.batchInputShape }];
  }

  override computeOutputDType(inputDType: DType): DType {
    return inputDType;
  }
}

/**
 * The first layer of a sequential model when no other says the input's shape.
 *
 * @example
 * const model = sl.sequential({ layers: [sl.layers.inputLayer({ inputShape: [10, 3] })] });
 * @param config `inputShape` without the batch, or `batchInputShape`.
 * @throws {ArgumentError} when both are missing.
 * @see Keras `keras.layers.InputLayer`
 */
export function inputLayer(config: LayerConfig): InputLayer {
  return new InputLayer(config);
}
