import { ArgumentError } from "../errors.ts";
import type { Tensor } from "../tensor/index.ts";
import { floatInput } from "./arguments.ts";
import { type MaskLike, maskTensor } from "./attention-call.ts";
import { checkConfig } from "./check-config.ts";
import { knownDim, type LayerShape, type LayerShapes, shapeList } from "./layer-shape.ts";
import type { CallOptions, Mask } from "./layer-types.ts";
import type { MultiHeadAttention } from "./multi-head-attention.ts";
import { asList } from "./symbolic.ts";
import { type ResidualPart, TransformerBlock } from "./transformer-block.ts";
import { type TransformerConfig, transformerKeys } from "./transformer-config.ts";

/** What `layers.transformerDecoder` takes. */
export type TransformerDecoderConfig = TransformerConfig;

/** Arguments of one call of a transformer decoder. */
export interface TransformerDecoderCallOptions extends CallOptions {
  /** Which steps count, [B, T]; no query sees the others. Default: what travels with the decoder's input. */
  readonly decoderPaddingMask?: MaskLike;
  /** Which query may see which step, [T, T], [B, T, T] or [B, N, T, T], in addition. Default: each sees all. */
  readonly decoderAttentionMask?: MaskLike;
  /** Which steps of the encoder's output count, [B, S]. Default: what travels with it. */
  readonly encoderPaddingMask?: MaskLike;
  /** Which query may see which step of the encoder's output, [T, S], [B, T, S] or [B, N, T, S]. Default: each sees all. */
  readonly encoderAttentionMask?: MaskLike;
  /** Whether no step sees later ones. Default true. */
  readonly useCausalMask?: boolean | undefined;
}

/**
 * Causal self-attention, where an encoder's output is given attention to it, then a feed-forward part, each with a
 * residual connection and a normalization.
 *
 * Weights, as in KerasHub: those of `self_attention`, `self_attention_layer_norm`, with an encoder `cross_attention` and
 * `cross_attention_layer_norm`, with gates `feedforward_gate_dense`, then `feedforward_intermediate_dense`,
 * `feedforward_output_dense` and `feedforward_layer_norm`.
 */
export class TransformerDecoder extends TransformerBlock {
  static override readonly className = "TransformerDecoder";
  #parts: DecoderParts | null = null;

  constructor(config: TransformerDecoderConfig) {
    super(checkConfig("layers.transformerDecoder", config, transformerKeys));
  }

  override build(inputShape: LayerShapes): void {
    const [shape = [], source] = shapeList(inputShape);
    const width = knownDim(shape, -1, this.name);
    const attention = this.attention("self_attention", [shape], width);
    const attentionPart = this.residual("self_attention", shape);
    const cross = source === undefined ? null : this.#cross(shape, source);
    const feed = this.feedForward(shape, width);
    const feedPart = this.residual("feedforward", shape);
    this.#parts = { attention, attentionPart, cross, feed, feedPart };
    const ofSource = source && { ndim: 3, axes: { [-1]: knownDim(source, -1, this.name) } };
    this.inputSpec = [{ ndim: 3, axes: { [-1]: width } }, ...(ofSource ? [ofSource] : [])];
    super.build(inputShape);
  }

  #cross(shape: LayerShape, source: LayerShape): DecoderParts["cross"] {
    const width = knownDim(shape, -1, this.name);
    const attention = this.attention("cross_attention", [shape, source], width);
    return { attention, part: this.residual("cross_attention", shape) };
  }

  /** Whether there is an encoder is decided by the first call. */
  override ensureBuilt(shapes: LayerShapes): void {
    const count = shapeList(shapes).length;
    const expected = this.built ? this.inputSpec.length : Math.min(Math.max(count, 1), 2);
    if (count === expected) {
      super.ensureBuilt(shapes);
      return;
    }
    const wanted = [
      "one input, or [decoder, encoder]",
      "one input: it was built without attention to an encoder",
      "[decoder, encoder]: it was built with attention to an encoder",
    ];
    throw new ArgumentError(
      `${this.name}: received ${count} inputs. Expected ${wanted[this.built ? expected : 0]}.`,
      { details: { received: count } },
    );
  }

  protected override run(
    inputs: Tensor | readonly Tensor[],
    kwargs: TransformerDecoderCallOptions,
  ): Tensor {
    if (this.#parts === null) throw new RangeError(`${this.name} was not built`);
    const { attention, attentionPart, cross, feed, feedPart } = this.#parts;
    const [x, source] = asList(inputs);
    const [padding = null, ofSource = null] = [kwargs.mask ?? null].flat();
    const own = attentionPart.run(floatInput(x ?? [], this.name), (y) =>
      attention.apply(y, {
        mask: [null, padding],
        attentionMask: kwargs.decoderAttentionMask,
        useCausalMask: kwargs.useCausalMask ?? true,
      }),
    );
    const attended =
      cross && source
        ? cross.part.run(own, (y) =>
            cross.attention.apply([y, source], {
              mask: [null, ofSource],
              attentionMask: kwargs.encoderAttentionMask,
            }),
          )
        : own;
    return feedPart.run(attended, feed); // [B, T, D]
  }

  /** Masks of the decoder's and of the encoder's steps. */
  protected override maskFor(
    inputs: Tensor | readonly Tensor[],
    kwargs: TransformerDecoderCallOptions,
  ): Mask {
    const [ofDecoder = null, ofEncoder = null] = [super.maskFor(inputs, kwargs)].flat();
    const given = (name: "decoderPaddingMask" | "encoderPaddingMask", own: Tensor | null) =>
      kwargs[name] === undefined ? own : maskTensor(kwargs[name], `${this.name} ${name}`);
    return [given("decoderPaddingMask", ofDecoder), given("encoderPaddingMask", ofEncoder)];
  }

  /** That of the decoder's steps. */
  override computeMask(_inputs: Tensor | readonly Tensor[], mask: Mask): Mask {
    const [ofDecoder = null] = [mask].flat();
    return ofDecoder;
  }

  override computeOutputShape(inputShape: LayerShapes): LayerShape {
    return shapeList(inputShape)[0] ?? [];
  }
}

/** The layers inside, once they are made. */
interface DecoderParts {
  readonly attention: MultiHeadAttention;
  readonly attentionPart: ResidualPart;
  readonly cross: { readonly attention: MultiHeadAttention; readonly part: ResidualPart } | null;
  readonly feed: (x: Tensor) => Tensor;
  readonly feedPart: ResidualPart;
}

/**
 * Transformer decoder: self-attention in which no step sees later ones, where an encoder's output is given attention to
 * it, and a feed-forward part; each with a residual connection, dropout and layer normalization.
 *
 * `apply(x)` is the block of a language model: GPT-2's with `normalizeFirst: true` and `activation: "gelu"`, Llama's with
 * `normalizeFirst: true, normalization: "rms", feedForward: "swiglu", rotary: true, useBias: false`.
 * `apply([x, encoded])` is that of a translator: x [B, T, D], encoded [B, S, E], output [B, T, D]. D is a multiple of
 * `numHeads`. Masks that travel with the inputs, or `decoderPaddingMask` and `encoderPaddingMask`, hide steps from all
 * queries.
 *
 * @example
 * const layer = sl.layers.transformerDecoder({ intermediateDim: 32, numHeads: 2, normalizeFirst: true });
 * layer.apply(sl.randomNormal([4, 10, 16])).shape; // [4, 10, 16]
 * @param config `intermediateDim`, `numHeads` and the options of {@link TransformerConfig}.
 * @throws {ArgumentError} for heads that do not divide the features, for unknown names, and by `apply` for another number
 *   of inputs than the first time.
 * @throws {ShapeError} by `apply`, when inputs or masks do not fit.
 * @see Vaswani et al. 2017, arXiv:1706.03762; KerasHub `keras_hub.layers.TransformerDecoder`, PyTorch
 *   `torch.nn.TransformerDecoderLayer`
 */
export function transformerDecoder(config: TransformerDecoderConfig): TransformerDecoder {
  return new TransformerDecoder(config);
}
