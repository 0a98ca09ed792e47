import { ShapeError } from "../errors.ts";
import {
  getInitializer,
  type InitializerLike,
  serializeInitializer,
} from "../initializers/index.ts";
import { wholeNumber } from "../names/whole-number.ts";
import { ops } from "../ops/index.ts";
import { Tensor } from "../tensor/index.ts";
import { singleInput } from "./arguments.ts";
import { checkConfig, type OwnKeys } from "./check-config.ts";
import { Layer } from "./layer.ts";
import { formatLayerShape, knownDim, type LayerShapes, singleShape } from "./layer-shape.ts";
import type { ConfigDict, LayerConfig } from "./layer-types.ts";
import { firstPosition, type PositionCallOptions, positionsFrom } from "./positions.ts";

/** What `layers.positionEmbedding` takes. */
export interface PositionEmbeddingConfig extends LayerConfig {
  /** Number of positions, S: the longest sequence. */
  readonly sequenceLength: number;
  /** First values of the vectors [S, D]. Default `"glorotUniform"`. */
  readonly initializer?: InitializerLike;
}

const keys: OwnKeys<PositionEmbeddingConfig> = {
  sequenceLength: "number",
  initializer: "any",
  hierarchicalAlpha: "notYet",
};

/**
 * A vector for each position, whatever stands there: [B, T, D] → [B, T, D].
 *
 * Weights: `embeddings` [S, D].
 */
export class PositionEmbedding extends Layer {
  static override readonly className = "PositionEmbedding";
  readonly sequenceLength: number;
  readonly #initializer;

  constructor(config: PositionEmbeddingConfig) {
    super(checkConfig("layers.positionEmbedding", config, keys));
    const what = `${this.name}: sequenceLength`;
    this.sequenceLength = wholeNumber(config.sequenceLength, what);
    this.supportsMasking = true;
    this.inputSpec = [{ minNDim: 2 }];
    this.#initializer = getInitializer(config.initializer ?? "glorotUniform");
  }

  override build(inputShape: LayerShapes): void {
    const shape = singleShape(inputShape, this.name);
    const width = knownDim(shape, -1, this.name);
    this.#checkLength(shape, 0);
    this.addWeight("embeddings", [this.sequenceLength, width], "float32", this.#initializer);
    this.inputSpec = [{ minNDim: 2, axes: { "-1": width } }];
    super.build(inputShape);
  }

  override call(inputs: Tensor | readonly Tensor[], kwargs: PositionCallOptions = {}): Tensor {
    const { shape } = singleInput(inputs, this.name); // [.., T, D]
    const [steps = 1, width = 1] = shape.slice(-2);
    const first = firstPosition(this.name, kwargs);
    if (first.known !== null) this.#checkLength(shape, first.known);
    const table = this.weight("embeddings").value; // [S, D]
    // A slice at the beginning costs nothing. From elsewhere on rows are gathered: another start is no other plan.
    const rows =
      first.known === 0
        ? ops.slice(table, [0, 0], [steps, width])
        : ops.gather(table, positionsFrom(first, steps)); // [T, D]
    return Tensor.of(ops.broadcastTo(rows, shape));
  }

  #checkLength(shape: readonly (number | null)[], start: number): void {
    const steps = shape.at(-2) ?? 0;
    if (start + steps <= this.sequenceLength) return;
    throw new ShapeError(
      `${this.name}: received ${steps} steps (input ${formatLayerShape(shape)}) from position ${start} on. Expected ` +
        `positions below sequenceLength ${this.sequenceLength}: shorten the sequences, or make the layer with ` +
        `sequenceLength: ${start + steps}.`,
      { details: { shape, start, sequenceLength: this.sequenceLength } },
    );
  }

  override getConfig(): ConfigDict {
    return {
      ...super.getConfig(),
      sequenceLength: this.sequenceLength,
      initializer: serializeInitializer(this.#initializer),
    };
  }
}

/**
 * Vectors of positions that training learns: [B, T, D] → [B, T, D], the same for every row. Of the input only the shape
 * counts; add the result to it.
 *
 * Weights: `embeddings` [sequenceLength, D]. A call takes `startIndex`, the position of the first step; given as a
 * tensor, or where a model runs step by step, positions from `sequenceLength` on give NaN instead of an error.
 *
 * @example
 * const layer = sl.layers.positionEmbedding({ sequenceLength: 10 });
 * const x = sl.ones([2, 3, 4]);
 * x.add(layer.apply(x)).shape; // [2, 3, 4]
 * @param config `sequenceLength` and the options of {@link PositionEmbeddingConfig}.
 * @throws {ShapeError} by `apply`, for more steps than `sequenceLength`.
 * @see Devlin et al. 2019, arXiv:1810.04805; KerasHub `keras_hub.layers.PositionEmbedding`
 */
export function positionEmbedding(config: PositionEmbeddingConfig): PositionEmbedding {
  return new PositionEmbedding(config);
}
