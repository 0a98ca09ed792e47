import { ArgumentError } from "../errors.ts";
import type { Serialized } from "../names/class-registry.ts";
import { reshape, Tensor } from "../tensor/index.ts";
import { singleInput } from "./arguments.ts";
import { checkConfig, type OwnKeys } from "./check-config.ts";
import { type AnyLayer, Layer } from "./layer.ts";
import { isShapeList, type LayerShape, type LayerShapes, singleShape } from "./layer-shape.ts";
import type { CallOptions, ConfigDict, LayerConfig } from "./layer-types.ts";
import { deserializeLayer, serializeLayer } from "./serialize.ts";

/** What `layers.timeDistributed` takes. */
export interface TimeDistributedConfig extends LayerConfig {
  /** The layer for each time step: one input, one output. */
  readonly layer: AnyLayer | Serialized;
}

const keys: OwnKeys<TimeDistributedConfig> = { layer: "any" };

/** Applies a layer to every time step, with the same weights: [B, T, …] → [B, T, …]. */
export class TimeDistributed extends Layer {
  static override readonly className = "TimeDistributed";
  readonly layer: AnyLayer;

  constructor(config: TimeDistributedConfig) {
    super(checkConfig("layers.timeDistributed", config, keys));
    this.layer = deserializeLayer(config.layer);
    this.supportsMasking = true;
    this.inputSpec = [{ minNDim: 3 }];
  }

  override build(inputShape: LayerShapes): void {
    this.layer.ensureBuilt(stepShape(singleShape(inputShape, this.name)));
    super.build(inputShape);
  }

  override call(inputs: Tensor | readonly Tensor[], kwargs: CallOptions): Tensor {
    const x = singleInput(inputs, this.name); // [B, T, ...]
    const [batch = 1, time = 1, ...rest] = x.shape;
    const steps = reshape(x, [batch * time, ...rest]);
    const result = this.layer.apply(steps, { training: kwargs.training });
    if (!(result instanceof Tensor)) throw this.#severalOutputs();
    return reshape(result, [batch, time, ...result.shape.slice(1)]);
  }

  override computeOutputShape(inputShape: LayerShapes): LayerShape {
    const shape = singleShape(inputShape, this.name);
    const [batch = null, time = null] = shape;
    const result = this.layer.computeOutputShape(stepShape(shape));
    if (isShapeList(result)) throw this.#severalOutputs();
    return [batch, time, ...result.slice(1)];
  }

  #severalOutputs(): ArgumentError {
    return new ArgumentError(
      `${this.name}: the layer ${this.layer.name} gives several outputs. Expected one.`,
    );
  }

  override getConfig(): ConfigDict {
    return { ...super.getConfig(), layer: serializeLayer(this.layer) };
  }
}

/** [B, T, …] → […] of one step, any batch. */
function stepShape([, , ...rest]: LayerShape): LayerShape {
  return [null, ...rest];
}

/**
 * Applies a layer to every time step with the same weights: [B, T, …] → [B, T, …].
 *
 * @example
 * const layer = sl.layers.timeDistributed({ layer: sl.layers.dense({ units: 4 }) });
 * layer.apply(sl.ones([2, 5, 3])).shape; // [2, 5, 4]
 * @param config `layer`: one input, one output.
 * @throws {ArgumentError} by `apply`, when the layer gives several outputs.
 * @see Keras `keras.layers.TimeDistributed`
 */
export function timeDistributed(config: TimeDistributedConfig): TimeDistributed {
  return new TimeDistributed(config);
}
