import { ArgumentError, ShapeError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { ops } from "../ops/index.ts";
import { Tensor } from "../tensor/index.ts";
import { floatInput, positiveNumber } from "./arguments.ts";
import { checkConfig, type OwnKeys } from "./check-config.ts";
import { Layer } from "./layer.ts";
import {
  formatLayerShape,
  knownDim,
  type LayerShape,
  type LayerShapes,
  singleShape,
} from "./layer-shape.ts";
import type { ConfigDict, LayerConfig } from "./layer-types.ts";
import {
  firstPosition,
  type PositionCallOptions,
  positionAngles,
  positionsFrom,
} from "./positions.ts";

/** What `layers.rotaryEmbedding` takes. */
export interface RotaryEmbeddingConfig extends LayerConfig {
  /** The slowest pair turns once in about 2π times as many steps. Default 10,000. */
  readonly maxWavelength?: number;
  /** Positions are divided by it, so that longer sequences look like those of training. Default 1. */
  readonly scalingFactor?: number;
  /** The axis of the steps, batch first. Default 1. */
  readonly sequenceAxis?: number;
  /** The axis of the features, D. Default -1. */
  readonly featureAxis?: number;
}

const keys: OwnKeys<RotaryEmbeddingConfig> = {
  maxWavelength: "number",
  scalingFactor: "number",
  sequenceAxis: "number",
  featureAxis: "number",
  lowFreqFactor: "notYet",
  highFreqFactor: "notYet",
  oldContextLen: "notYet",
};

/** Turns pairs of features by an angle that grows with the position: [B, T, …, D] → the same shape. No weights. */
export class RotaryEmbedding extends Layer {
  static override readonly className = "RotaryEmbedding";
  readonly maxWavelength: number;
  readonly scalingFactor: number;
  readonly sequenceAxis: number;
  readonly featureAxis: number;

  constructor(config: RotaryEmbeddingConfig = {}) {
    super(checkConfig("layers.rotaryEmbedding", config, keys));
    const [wavelength, factor] = [config.maxWavelength ?? 10_000, config.scalingFactor ?? 1];
    this.maxWavelength = positiveNumber(wavelength, `${this.name}: maxWavelength`);
    this.scalingFactor = positiveNumber(factor, `${this.name}: scalingFactor`);
    this.sequenceAxis = config.sequenceAxis ?? 1;
    this.featureAxis = config.featureAxis ?? -1;
    this.supportsMasking = true;
    this.inputSpec = [{ minNDim: 2 }];
  }

  override build(inputShape: LayerShapes): void {
    this.#axesOf(singleShape(inputShape, this.name));
    super.build(inputShape);
  }

  /** Both axes counted from 0, and the number of features. */
  #axesOf(shape: LayerShape): { sequence: number; feature: number; width: number } {
    const { sequence, feature } = this.#countedAxes(shape.length);
    const width = knownDim(shape, feature, this.name);
    if (width % 2 === 0) return { sequence, feature, width };
    throw new ShapeError(
      `${this.name}: received ${width} features on axis ${this.featureAxis} of ${formatLayerShape(shape)}. Expected an ` +
        "even number: they are turned in pairs. Choose an even size of head, or another featureAxis.",
      { details: { shape, featureAxis: this.featureAxis } },
    );
  }

  #countedAxes(rank: number): { sequence: number; feature: number } {
    const counted = (axis: number): number => (axis < 0 ? axis + rank : axis);
    const [sequence, feature] = [counted(this.sequenceAxis), counted(this.featureAxis)];
    const isAxis = (axis: number): boolean => Number.isInteger(axis) && axis >= 0 && axis < rank;
    if (isAxis(sequence) && isAxis(feature) && sequence !== feature) return { sequence, feature };
    throw new ArgumentError(
      `${this.name}: sequenceAxis ${this.sequenceAxis} and featureAxis ${this.featureAxis} of an input of rank ${rank}. ` +
        "Expected two axes that it has.",
    );
  }

  override call(inputs: Tensor | readonly Tensor[], kwargs: PositionCallOptions = {}): Tensor {
    const x = floatInput(inputs, this.name); // [B, T, .., D]
    const { sequence, feature, width } = this.#axesOf(x.shape);
    const steps = x.shape[sequence] ?? 1;
    const half = width / 2;
    const columns = Array.from({ length: half }, (_, i) => ({
      frequency: this.maxWavelength ** -((2 * i) / width) / this.scalingFactor,
    }));
    const first = firstPosition(this.name, kwargs);
    const angles = positionAngles(positionsFrom(first, steps), columns); // [T, D/2]
    const halves = [...x.shape.slice(0, feature), 2, half, ...x.shape.slice(feature + 1)];
    const turned = rotate(ops.reshape(x.value, halves), {
      angles,
      halfAxis: feature,
      sequence: sequence < feature ? sequence : sequence + 1,
    });
    return Tensor.of(ops.reshape(turned, x.shape));
  }

  override getConfig(): ConfigDict {
    return {
      ...super.getConfig(),
      maxWavelength: this.maxWavelength,
      scalingFactor: this.scalingFactor,
      sequenceAxis: this.sequenceAxis,
      featureAxis: this.featureAxis,
    };
  }
}

/**
 * Of x, with an axis of 2 for the halves [a, b] before that of the pairs: [a·cos - b·sin, b·cos + a·sin]. As
 * x·cos + (x with its halves exchanged)·(-sin, sin) it is one dispatch, and so is its gradient.
 */
function rotate(
  x: Value,
  { angles, halfAxis, sequence }: { angles: Value; halfAxis: number; sequence: number },
): Value {
  const [steps = 1, half = 1] = angles.shape;
  const along = (sizes: Readonly<Record<number, number>>): number[] =>
    x.shape.map((_, axis) => sizes[axis] ?? 1);
  const pair = halfAxis + 1;
  const ordered = sequence < pair ? angles : ops.transpose(angles);
  const spread = ops.reshape(ordered, along({ [sequence]: steps, [pair]: half }));
  const two = ops.literal(2, [], "int32");
  const signs = ops.sub(ops.mul(ops.range(2), two), ops.literal(1, [], "int32")); // -1, 1
  const signed = ops.mul(
    ops.reshape(ops.cast(signs, "float32"), along({ [halfAxis]: 2 })),
    ops.sin(spread),
  );
  return ops.add(ops.mul(x, ops.cos(spread)), ops.mul(ops.reverse(x, [halfAxis]), signed));
}

/**
 * Rotary position embedding: turns pairs of features by angles that grow with the position, so that the product of a
 * query and a key depends on how far apart they stand. For queries and keys [B, T, N, D] or [B, T, D]; D even.
 *
 * Feature i is paired with feature i + D/2 (as in KerasHub, GPT-NeoX and Llama's checkpoints; the paper pairs
 * neighbours), and turned by `position / scalingFactor · maxWavelength^(-2i/D)`. No weights, any length. A call takes
 * `startIndex`, the position of the first step. Angles are accurate to 1e-6 at any position.
 *
 * @example
 * const x = sl.ones([1, 2, 2]);
 * await sl.layers.rotaryEmbedding().apply(x).array(); // [[[1, 1], [-0.3012, 1.3818]]]
 * @param config The options of {@link RotaryEmbeddingConfig}.
 * @throws {ShapeError} for an odd number of features.
 * @see Su et al. 2021, arXiv:2104.09864; KerasHub `keras_hub.layers.RotaryEmbedding`
 */
export function rotaryEmbedding(config?: RotaryEmbeddingConfig): RotaryEmbedding {
  return new RotaryEmbedding(config);
}
