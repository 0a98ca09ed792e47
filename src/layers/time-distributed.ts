import { ArgumentError, ShapeError } from "../errors.ts";
import { formatShape } from "../graph/shape.ts";
import type { Serialized } from "../names/class-registry.ts";
import { any, cast, reshape, Tensor } from "../tensor/index.ts";
import { singleInput } from "./arguments.ts";
import { checkConfig, type OwnKeys } from "./check-config.ts";
import { type AnyLayer, Layer } from "./layer.ts";
import { isShapeList, type LayerShape, type LayerShapes, singleShape } from "./layer-shape.ts";
import type { CallOptions, ConfigDict, LayerConfig, Mask } from "./layer-types.ts";
import { firstMask } from "./masks.ts";
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
    const mask = this.#checked(kwargs.mask ?? null, x.shape);
    const inner = mask === null || mask.rank < 3 ? null : mask;
    const result = this.layer.apply(steps, {
      training: kwargs.training,
      mask: inner && reshape(inner, [batch * time, ...inner.shape.slice(2)]),
    });
    if (!(result instanceof Tensor)) throw this.#severalOutputs();
    return reshape(result, [batch, time, ...result.shape.slice(1)]);
  }

  /** A step counts where its mask says so; of a mask [B, T, S, …], where anything in it counts. */
  override computeMask(_inputs: Tensor | readonly Tensor[], mask: Mask): Mask {
    const first = firstMask(mask);
    if (first === null || first.rank < 3) return first;
    const [batch = 1, time = 1] = first.shape;
    return any(reshape(first, [batch, time, -1]), -1); // [B, T]
  }

  #checked(mask: Mask, shape: readonly number[]): Tensor | null {
    const first = firstMask(mask);
    if (first === null) return null;
    const fits = first.rank >= 2 && first.shape.every((size, axis) => size === shape[axis]);
    if (fits) return first.dtype === "bool" ? first : cast(first, "bool");
    throw new ShapeError(
      `${this.name}: received a mask of shape ${formatShape(first.shape)}. Expected ` +
        `${formatShape(shape.slice(0, 2))}, batch and time of the input ${formatShape(shape)}, or these and axes after ` +
        "them, for the layer inside.",
      { details: { mask: first.shape, input: shape } },
    );
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
 * A mask [B, T] goes on to the next layer. One with more axes, [B, T, S], is the mask of the layer inside: sentences of
 * words [B, T, S, I], as `embedding({ maskZero: true })` gives them for ids [B, T, S]; after it a sentence counts where
 * one of its words does.
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
