import {
  getInitializer,
  type InitializerLike,
  serializeInitializer,
} from "../initializers/index.ts";
import { wholeNumber } from "../names/whole-number.ts";
import { add, type Tensor } from "../tensor/index.ts";
import { checkConfig, type OwnKeys } from "./check-config.ts";
import { Layer } from "./layer.ts";
import { type LayerShape, type LayerShapes, singleShape } from "./layer-shape.ts";
import type { ConfigDict, LayerConfig, Mask } from "./layer-types.ts";
import { PositionEmbedding } from "./position-embedding.ts";
import type { PositionCallOptions } from "./positions.ts";
import { type ReversibleCallOptions, ReversibleEmbedding } from "./reversible-embedding.ts";

/** What `layers.tokenAndPositionEmbedding` takes. */
export interface TokenAndPositionEmbeddingConfig extends LayerConfig {
  /** Number of ids, V. */
  readonly vocabularySize: number;
  /** Number of positions, S: the longest sequence. */
  readonly sequenceLength: number;
  /** Size of the vectors, D. */
  readonly embeddingDim: number;
  /** Whether `reverse` uses the vectors of the ids themselves. Default true. */
  readonly tieWeights?: boolean;
  /** First values of all vectors. Default `"uniform"`, ±0.05. */
  readonly embeddingsInitializer?: InitializerLike;
  /** Whether id 0 means padding: steps with it are masked for the layers that follow. Default false. */
  readonly maskZero?: boolean;
}

/** Arguments of a call. */
export interface TokenAndPositionCallOptions extends PositionCallOptions, ReversibleCallOptions {}

const keys: OwnKeys<TokenAndPositionEmbeddingConfig> = {
  vocabularySize: "number",
  sequenceLength: "number",
  embeddingDim: "number",
  tieWeights: "boolean",
  embeddingsInitializer: "any",
  maskZero: "boolean",
};

/** The sum of a vector for each id and one for each position: [B, T] whole numbers → [B, T, D]. */
export class TokenAndPositionEmbedding extends Layer {
  static override readonly className = "TokenAndPositionEmbedding";
  readonly tokenEmbedding: ReversibleEmbedding;
  readonly positionEmbedding: PositionEmbedding;
  readonly #initializer;

  constructor(config: TokenAndPositionEmbeddingConfig) {
    checkConfig("layers.tokenAndPositionEmbedding", config, keys);
    super({ inputDType: "int32", ...config });
    const size = (key: "vocabularySize" | "embeddingDim"): number =>
      wholeNumber(config[key], `${this.name}: ${key}`);
    this.#initializer = getInitializer(config.embeddingsInitializer ?? "uniform");
    this.supportsMasking = true;
    this.tokenEmbedding = new ReversibleEmbedding({
      name: `${this.name}_token_embedding`,
      inputDim: size("vocabularySize"),
      outputDim: size("embeddingDim"),
      tieWeights: config.tieWeights ?? true,
      embeddingsInitializer: this.#initializer,
      maskZero: config.maskZero ?? false,
    });
    this.positionEmbedding = new PositionEmbedding({
      name: `${this.name}_position_embedding`,
      sequenceLength: config.sequenceLength,
      initializer: this.#initializer,
    });
  }

  override build(inputShape: LayerShapes): void {
    const shape = singleShape(inputShape, this.name);
    this.tokenEmbedding.ensureBuilt(shape);
    // Positions are built for the steps that ids have; called with `reverse` first, the layer has seen none.
    this.positionEmbedding.ensureBuilt([null, null, this.tokenEmbedding.outputDim]);
    super.build(inputShape);
  }

  override call(
    inputs: Tensor | readonly Tensor[],
    { reverse, startIndex }: TokenAndPositionCallOptions = {},
  ): Tensor {
    const tokens = this.tokenEmbedding.apply(inputs, { reverse }); // [B, T, D], or [B, T, V]
    if (reverse === true) return tokens;
    return add(tokens, this.positionEmbedding.apply(tokens, { startIndex }));
  }

  override computeMask(
    inputs: Tensor | readonly Tensor[],
    mask: Mask,
    kwargs: TokenAndPositionCallOptions = {},
  ): Mask {
    return this.tokenEmbedding.computeMask(inputs, mask, kwargs);
  }

  override computeOutputShape(
    inputShape: LayerShapes,
    kwargs: TokenAndPositionCallOptions = {},
  ): LayerShape {
    return this.tokenEmbedding.computeOutputShape(inputShape, kwargs);
  }

  override getConfig(): ConfigDict {
    const { inputDim, outputDim, tieWeights, maskZero } = this.tokenEmbedding;
    return {
      ...super.getConfig(),
      vocabularySize: inputDim,
      sequenceLength: this.positionEmbedding.sequenceLength,
      embeddingDim: outputDim,
      tieWeights,
      embeddingsInitializer: serializeInitializer(this.#initializer),
      maskZero,
    };
  }
}

/**
 * What a transformer for sequences of ids begins with: a learned vector for each id plus one for each position,
 * [B, T] → [B, T, embeddingDim]. Called with `reverse: true`, it gives logits [B, T, vocabularySize] from vectors, as
 * `reversibleEmbedding` does. A call takes `startIndex` as `positionEmbedding` does.
 *
 * Weights: those of its `tokenEmbedding`, `embeddings` [V, D] (untied also `reverse_embeddings` [D, V]), and of its
 * `positionEmbedding`, `embeddings` [S, D].
 *
 * @example
 * const layer = sl.layers.tokenAndPositionEmbedding({ vocabularySize: 50, sequenceLength: 10, embeddingDim: 8 });
 * const vectors = layer.apply(sl.tensor2d([[4, 20, 7]], [1, 3], "int32")); // [1, 3, 8]
 * layer.apply(vectors, { reverse: true }).shape; // [1, 3, 50]
 * @param config The sizes and the options of {@link TokenAndPositionEmbeddingConfig}.
 * @throws {ShapeError} by `apply`, for more steps than `sequenceLength`.
 * @see KerasHub `keras_hub.layers.TokenAndPositionEmbedding`
 */
export function tokenAndPositionEmbedding(
  config: TokenAndPositionEmbeddingConfig,
): TokenAndPositionEmbedding {
  return new TokenAndPositionEmbedding(config);
}
