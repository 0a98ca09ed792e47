import { sizeOf } from "../graph/shape.ts";
import { ops } from "../ops/index.ts";
import { Tensor } from "../tensor/index.ts";
import { floatInput } from "./arguments.ts";
import { checkConfig, type OwnKeys } from "./check-config.ts";
import { lastAxes } from "./last-axes.ts";
import { Layer } from "./layer.ts";
import { knownDim, type LayerShapes, singleShape } from "./layer-shape.ts";
import type { ConfigDict, LayerConfig } from "./layer-types.ts";

/** What `layers.rmsNormalization` takes. */
export interface RMSNormalizationConfig extends LayerConfig {
  /** The axis to normalize, or a list: the last one (-1, default) or the last ones, `[-2, -1]`. */
  readonly axis?: number | readonly number[];
  /** Added to the mean of the squares. Default 1e-6. */
  readonly epsilon?: number;
}

const keys: OwnKeys<RMSNormalizationConfig> = { axis: "any", epsilon: "number" };

/**
 * `scale · x / √(mean x² + epsilon)`, with the mean along the last axis.
 *
 * Weights: `scale` [D].
 */
export class RMSNormalization extends Layer {
  static override readonly className = "RMSNormalization";
  readonly axis: number | readonly number[];
  readonly epsilon: number;

  constructor(config: RMSNormalizationConfig = {}) {
    super(checkConfig("layers.rmsNormalization", config, keys));
    this.axis = config.axis ?? -1;
    this.epsilon = config.epsilon ?? 1e-6;
    this.supportsMasking = true;
    this.inputSpec = [{ minNDim: 2 }];
  }

  override build(inputShape: LayerShapes): void {
    const shape = singleShape(inputShape, this.name);
    const axes = lastAxes(this.axis, shape.length, this.name);
    const sizes = axes.map((axis) => knownDim(shape, axis, this.name)); // [D], or several
    this.addWeight("scale", sizes, "float32", "ones");
    const known = axes.map((axis, i) => [axis - shape.length, sizes[i] ?? 1] as const);
    this.inputSpec = [{ minNDim: 2, axes: Object.fromEntries(known) }];
    super.build(inputShape);
  }

  override call(inputs: Tensor | readonly Tensor[]): Tensor {
    const x = floatInput(inputs, this.name); // [..., D]
    const count = [this.axis].flat().length;
    const width = [sizeOf(x.shape.slice(-count))]; // [D], the axes joined
    const scale = ops.reshape(this.weight("scale").value, width); // [D]
    const rows = ops.reshape(x.value, [...x.shape.slice(0, -count), ...width]);
    return Tensor.of(ops.reshape(ops.rmsNorm(rows, scale, this.epsilon), x.shape));
  }

  override getConfig(): ConfigDict {
    return {
      ...super.getConfig(),
      axis: typeof this.axis === "number" ? this.axis : [...this.axis],
      epsilon: this.epsilon,
    };
  }
}

/**
 * Normalization by the root mean square along the last axis (or axes), then a learned scale: layer normalization
 * without the mean and the shift.
 *
 * Input and output [B, …, D]. Weights: `scale` [D].
 *
 * @example
 * const y = sl.layers.rmsNormalization().apply(sl.tensor2d([[1, 2, 2]]));
 * await y.array(); // [[0.5774, 1.1547, 1.1547]]
 * @param config The options of {@link RMSNormalizationConfig}; `epsilon` is 1e-6 as in Keras.
 * @throws {ArgumentError} for axes other than the last.
 * @see Zhang and Sennrich 2019, arXiv:1910.07467; Keras `keras.layers.RMSNormalization`
 */
export function rmsNormalization(config?: RMSNormalizationConfig): RMSNormalization {
  return new RMSNormalization(config);
}
