import type { Tensor } from "../tensor/index.ts";
import { floatInput } from "./arguments.ts";
import { type MaskLike, maskTensor } from "./attention-call.ts";
import { checkConfig } from "./check-config.ts";
import { knownDim, type LayerShapes, singleShape } from "./layer-shape.ts";
import type { CallOptions, Mask } from "./layer-types.ts";
import type { MultiHeadAttention } from "./multi-head-attention.ts";
import type { SymbolicTensor } from "./symbolic.ts";
import { type ResidualPart, TransformerBlock } from "./transformer-block.ts";
import { type TransformerConfig, transformerKeys } from "./transformer-config.ts";

/** What `layers.transformerEncoder` takes. */
export type TransformerEncoderConfig = TransformerConfig;

/** Arguments of one call of a transformer encoder. */
export interface TransformerEncoderCallOptions extends CallOptions {
  /** Which steps count, [B, T]; no query sees the others. Default: what travels with the input. */
  readonly paddingMask?: MaskLike;
  /** Which query may see which key, [T, T], [B, T, T] or [B, N, T, T]. Default: each sees all. */
  readonly attentionMask?: MaskLike;
  /** Whether the attention weights [B, N, T, T] follow the output. Default false. */
  readonly returnAttentionScores?: boolean | undefined;
}

type ScoresWanted = TransformerEncoderCallOptions & { readonly returnAttentionScores: true };

/**
 * Self-attention, then a feed-forward part, each with a residual connection and a normalization.
 *
 * Weights, as in KerasHub: those of `self_attention_layer`, `self_attention_layer_norm`, `feedforward_layer_norm`, with
 * gates `feedforward_gate_dense`, then `feedforward_intermediate_dense` and `feedforward_output_dense`.
 */
export class TransformerEncoder extends TransformerBlock {
  static override readonly className = "TransformerEncoder";
  #parts: EncoderParts | null = null;

  constructor(config: TransformerEncoderConfig) {
    super(checkConfig("layers.transformerEncoder", config, transformerKeys));
    this.inputSpec = [{ ndim: 3 }];
  }

  override build(inputShape: LayerShapes): void {
    const shape = singleShape(inputShape, this.name);
    const width = knownDim(shape, -1, this.name);
    const attention = this.attention("self_attention_layer", [shape], width);
    const attentionPart = this.residual("self_attention", shape);
    const feedPart = this.residual("feedforward", shape);
    this.#parts = { attention, attentionPart, feedPart, feed: this.feedForward(shape, width) };
    this.inputSpec = [{ ndim: 3, axes: { [-1]: width } }];
    super.build(inputShape);
  }

  override apply(inputs: Tensor | readonly Tensor[], kwargs: ScoresWanted): Tensor[];
  override apply(
    inputs: SymbolicTensor | readonly SymbolicTensor[],
    kwargs: ScoresWanted,
  ): SymbolicTensor[];
  override apply(
    inputs: Tensor | readonly Tensor[],
    kwargs?: TransformerEncoderCallOptions,
  ): Tensor;
  override apply(
    inputs: SymbolicTensor | readonly SymbolicTensor[],
    kwargs?: TransformerEncoderCallOptions,
  ): SymbolicTensor;
  override apply(inputs: never, kwargs?: TransformerEncoderCallOptions): never {
    return super.apply(inputs, kwargs) as never;
  }

  protected override run(
    inputs: Tensor | readonly Tensor[],
    { mask, attentionMask, returnAttentionScores }: TransformerEncoderCallOptions,
  ): Tensor | Tensor[] {
    if (this.#parts === null) throw new RangeError(`${this.name} was not built`);
    const { attention, attentionPart, feedPart, feed } = this.#parts;
    const [padding = null] = [mask ?? null].flat();
    const options = { mask: [null, padding], attentionMask };
    const found: Tensor[] = [];
    const attended = attentionPart.run(floatInput(inputs, this.name), (x) => {
      if (returnAttentionScores !== true) return attention.apply(x, options);
      const [y = x, ...scores] = attention.apply(x, { ...options, returnAttentionScores: true });
      found.push(...scores);
      return y;
    });
    const y = feedPart.run(attended, feed); // [B, T, D]
    return found.length > 0 ? [y, ...found] : y;
  }

  protected override maskFor(
    inputs: Tensor | readonly Tensor[],
    kwargs: TransformerEncoderCallOptions,
  ): Mask {
    const { paddingMask } = kwargs;
    if (paddingMask !== undefined) return maskTensor(paddingMask, `${this.name} paddingMask`);
    const [mask = null] = [super.maskFor(inputs, kwargs)].flat();
    return mask;
  }

  override computeOutputShape(
    inputShape: LayerShapes,
    kwargs?: TransformerEncoderCallOptions,
  ): LayerShapes {
    const shape = singleShape(inputShape, this.name);
    const [batch = null, time = null] = shape;
    const wantsScores = kwargs?.returnAttentionScores === true;
    return wantsScores ? [shape, [batch, this.numHeads, time, time]] : shape;
  }
}

/** The layers inside, once they are made. */
interface EncoderParts {
  readonly attention: MultiHeadAttention;
  readonly attentionPart: ResidualPart;
  readonly feedPart: ResidualPart;
  readonly feed: (x: Tensor) => Tensor;
}

/**
 * Transformer encoder: self-attention, in which each step sees all others, and a feed-forward part; each with a residual
 * connection, dropout and layer normalization.
 *
 *     x = norm(x + attention(x))       normalizeFirst: x = x + attention(norm(x))
 *     x = norm(x + feedForward(x))                     x = x + feedForward(norm(x))
 *
 * Input and output [B, T, D]; D is a multiple of `numHeads`. A mask that travels with the input, or `paddingMask`, hides
 * steps from all queries; what the output has at those steps is of no meaning, and the mask goes on. For a causal block,
 * as in GPT, take `layers.transformerDecoder`.
 *
 * @example
 * const layer = sl.layers.transformerEncoder({ intermediateDim: 32, numHeads: 2, activation: "gelu" });
 * layer.apply(sl.randomNormal([4, 10, 16])).shape; // [4, 10, 16]
 * @param config `intermediateDim`, `numHeads` and the options of {@link TransformerConfig}.
 * @throws {ArgumentError} for heads that do not divide the features, and for unknown names.
 * @throws {ShapeError} by `apply`, when inputs or masks do not fit.
 * @see Vaswani et al. 2017, arXiv:1706.03762; KerasHub `keras_hub.layers.TransformerEncoder`, PyTorch
 *   `torch.nn.TransformerEncoderLayer`
 */
export function transformerEncoder(config: TransformerEncoderConfig): TransformerEncoder {
  return new TransformerEncoder(config);
}
