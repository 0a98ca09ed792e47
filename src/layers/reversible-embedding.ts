import { ShapeError } from "../errors.ts";
import { formatShape } from "../graph/shape.ts";
import { getInitializer } from "../initializers/index.ts";
import { ops } from "../ops/index.ts";
import { Tensor } from "../tensor/index.ts";
import { floatInput, positiveNumber } from "./arguments.ts";
import type { OwnKeys } from "./check-config.ts";
import { Embedding, type EmbeddingConfig } from "./embedding.ts";
import { type LayerShape, type LayerShapes, singleShape } from "./layer-shape.ts";
import type { CallOptions, ConfigDict, Mask } from "./layer-types.ts";

/** What `layers.reversibleEmbedding` takes. */
export interface ReversibleEmbeddingConfig extends EmbeddingConfig {
  /** Whether the way back uses the vectors themselves; otherwise it has weights of its own. Default true. */
  readonly tieWeights?: boolean;
  /** Holds logits within ±logitSoftCap, by `tanh(logits / cap) · cap`. Default: they are not held. */
  readonly logitSoftCap?: number | null;
}

/** Arguments of a call. */
export interface ReversibleCallOptions extends CallOptions {
  /** Whether vectors [.., D] are given, and logits [.., V] wanted. Default false. */
  readonly reverse?: boolean | undefined;
}

const more: Omit<OwnKeys<ReversibleEmbeddingConfig>, keyof EmbeddingConfig> = {
  tieWeights: "boolean",
  logitSoftCap: "number",
  reverseDtype: "notYet",
};

/**
 * An embedding that goes back as well: ids [B, T] → vectors [B, T, D], and with `reverse` vectors → logits [B, T, V].
 *
 * Weights: `embeddings` [V, D]; untied also `reverse_embeddings` [D, V].
 */
export class ReversibleEmbedding extends Embedding {
  static override readonly className = "ReversibleEmbedding";
  readonly tieWeights: boolean;
  readonly logitSoftCap: number | null;
  readonly #initializer;

  constructor(config: ReversibleEmbeddingConfig) {
    super(config, "layers.reversibleEmbedding", more);
    this.tieWeights = config.tieWeights ?? true;
    const cap = config.logitSoftCap ?? null;
    this.logitSoftCap = cap === null ? null : positiveNumber(cap, `${this.name}: logitSoftCap`);
    this.#initializer = getInitializer(config.embeddingsInitializer ?? "uniform");
  }

  override build(inputShape: LayerShapes): void {
    super.build(inputShape);
    if (this.tieWeights) return;
    const shape = [this.outputDim, this.inputDim]; // [D, V]
    this.addWeight("reverse_embeddings", shape, "float32", this.#initializer);
  }

  override call(inputs: Tensor | readonly Tensor[], kwargs: ReversibleCallOptions = {}): Tensor {
    return kwargs.reverse === true ? this.#logits(inputs) : super.call(inputs, kwargs);
  }

  #logits(inputs: Tensor | readonly Tensor[]): Tensor {
    const x = floatInput(inputs, this.name); // [.., D]
    const front = x.shape.slice(0, -1);
    if (x.shape.at(-1) !== this.outputDim) {
      throw new ShapeError(
        `${this.name}: received shape ${formatShape(x.shape)} with reverse. Expected vectors of outputDim ` +
          `${this.outputDim} on the last axis.`,
        { details: { shape: x.shape, outputDim: this.outputDim } },
      );
    }
    const count = front.reduce((product, dim) => product * dim, 1);
    const rows = ops.reshape(x.value, [count, this.outputDim]); // [rows, D]
    const name = this.tieWeights ? "embeddings" : "reverse_embeddings";
    const product = ops.matMul(
      rows,
      ops.cast(this.weight(name).value, x.dtype),
      false,
      this.tieWeights,
    );
    const logits = ops.reshape(product, [...front, this.inputDim]); // [.., V]
    if (this.logitSoftCap === null) return Tensor.of(logits);
    const cap = ops.literal(this.logitSoftCap);
    return Tensor.of(ops.mul(ops.tanh(ops.div(logits, cap)), cap));
  }

  /** Logits keep the mask of their vectors. */
  override computeMask(
    inputs: Tensor | readonly Tensor[],
    mask: Mask = null,
    kwargs: ReversibleCallOptions = {},
  ): Mask {
    return kwargs.reverse === true ? mask : super.computeMask(inputs, mask, kwargs);
  }

  override computeOutputShape(
    inputShape: LayerShapes,
    kwargs: ReversibleCallOptions = {},
  ): LayerShape {
    if (kwargs.reverse !== true) return super.computeOutputShape(inputShape, kwargs);
    return [...singleShape(inputShape, this.name).slice(0, -1), this.inputDim];
  }

  override getConfig(): ConfigDict {
    return {
      ...super.getConfig(),
      tieWeights: this.tieWeights,
      logitSoftCap: this.logitSoftCap,
    };
  }
}

/**
 * An embedding whose vectors also judge what comes next: ids [B, T] → [B, T, outputDim], and called with
 * `reverse: true` vectors [B, T, outputDim] → logits [B, T, inputDim], by the transposed vectors (Press and Wolf 2017).
 * One layer, applied twice in a functional model, ties a language model's output to its input.
 *
 * Weights: `embeddings` [inputDim, outputDim]; with `tieWeights: false` also `reverse_embeddings`
 * [outputDim, inputDim].
 *
 * @example
 * const words = sl.layers.reversibleEmbedding({ inputDim: 50, outputDim: 8 });
 * const ids = sl.input({ shape: [null], dtype: "int32" });
 * const seen = sl.layers.gru({ units: 8, returnSequences: true }).apply(words.apply(ids));
 * const logits = words.apply(seen, { reverse: true });
 * sl.model({ inputs: ids, outputs: logits }).apply(sl.zeros([2, 3], "int32")).shape; // [2, 3, 50]
 * @param config `inputDim`, `outputDim` and the options of {@link ReversibleEmbeddingConfig}.
 * @throws {ShapeError} with `reverse`, for vectors of another size.
 * @see Press and Wolf 2017, arXiv:1608.05859; KerasHub `keras_hub.layers.ReversibleEmbedding`
 */
export function reversibleEmbedding(config: ReversibleEmbeddingConfig): ReversibleEmbedding {
  return new ReversibleEmbedding(config);
}
