import { ArgumentError } from "../errors.ts";
import { getRegularizer, serializeRegularizer } from "../regularizers/resolve.ts";
import { add, mul, type Tensor } from "../tensor/index.ts";
import type { ActivationLike } from "./activation-names.ts";
import { Dense } from "./dense.ts";
import { Dropout } from "./dropout.ts";
import { type AnyLayer, Layer } from "./layer.ts";
import { LayerNormalization } from "./layer-normalization.ts";
import type { LayerShape } from "./layer-shape.ts";
import type { CallOptions, ConfigDict } from "./layer-types.ts";
import { MultiHeadAttention } from "./multi-head-attention.ts";
import { recompute } from "./recompute.ts";
import { RMSNormalization } from "./rms-normalization.ts";
import {
  resolveTransformer,
  serializeTransformer,
  type TransformerConfig,
  type TransformerSettings,
} from "./transformer-config.ts";

/** A part of a block: x + f(norm(x)), or norm(x + f(x)), with dropout after f. */
export interface ResidualPart {
  readonly run: (x: Tensor, f: (x: Tensor) => Tensor) => Tensor;
}

/**
 * What encoders and decoders are made of. The layers inside are made once the number of features is known, and are named
 * after the block: `transformer_encoder_1/feedforward_output_dense`.
 */
export abstract class TransformerBlock extends Layer {
  protected readonly settings: TransformerSettings;
  readonly #inside: AnyLayer[] = [];

  constructor(config: TransformerConfig) {
    super(config);
    this.settings = resolveTransformer(config, this.name);
    this.activityRegularizer = getRegularizer(config.activityRegularizer);
    this.supportsMasking = true;
  }

  get intermediateDim(): number {
    return this.settings.intermediateDim;
  }

  get numHeads(): number {
    return this.settings.numHeads;
  }

  /** What the block makes of its inputs. */
  protected abstract run(
    inputs: Tensor | readonly Tensor[],
    kwargs: CallOptions,
  ): Tensor | Tensor[];

  override call(inputs: Tensor | readonly Tensor[], kwargs: CallOptions): Tensor | Tensor[] {
    const isAgain = this.settings.recompute && kwargs.training === true;
    const run = (): Tensor | Tensor[] => this.run(inputs, kwargs);
    return isAgain ? recompute(run)() : run();
  }

  /** Those that have weights, in the order of KerasHub's. */
  protected override children(): readonly AnyLayer[] {
    return this.#inside;
  }

  /** Makes a layer part of the block, with weights for inputs of these shapes. */
  #hold<L extends AnyLayer>(layer: L, shapes: LayerShape | readonly LayerShape[]): L {
    layer.ensureBuilt(shapes);
    this.#inside.push(layer);
    return layer;
  }

  /** @throws {ArgumentError} for features that the heads cannot share. */
  protected attention(
    name: string,
    shapes: readonly [LayerShape, ...LayerShape[]],
    width: number,
  ): MultiHeadAttention {
    const { numHeads, dropout, useBias } = this.settings;
    const rotary = shapes.length === 1 && this.settings.rotary; // another sequence has positions of its own
    if (width % numHeads !== 0) {
      throw new ArgumentError(
        `${this.name}: received ${width} features for ${numHeads} heads. Expected a multiple of the heads: each has ` +
          "features/numHeads of its own.",
        { details: { features: width, numHeads } },
      );
    }
    const keyDim = width / numHeads;
    const attention = new MultiHeadAttention({
      ...this.#initial(),
      ...{ name: `${this.name}/${name}`, numHeads, keyDim, dropout, useBias, rotary },
    });
    return this.#hold(attention, shapes);
  }

  /** The rest of a part: its normalization, and its dropout. */
  protected residual(name: string, shape: LayerShape): ResidualPart {
    const { layerNormEpsilon, dropout, normalizeFirst, normalization } = this.settings;
    const config = { name: `${this.name}/${name}_layer_norm`, epsilon: layerNormEpsilon };
    const norm = this.#hold(
      normalization === "rms" ? new RMSNormalization(config) : new LayerNormalization(config),
      shape,
    );
    const drop = new Dropout({ name: `${this.name}/${name}_dropout`, rate: dropout });
    return {
      run: (x, f) =>
        normalizeFirst
          ? add(x, drop.apply(f(norm.apply(x))))
          : norm.apply(add(x, drop.apply(f(x)))),
    };
  }

  /** What follows attention, on each step by itself. */
  protected feedForward(shape: LayerShape, width: number): (x: Tensor) => Tensor {
    const { intermediateDim, activation, feedForward } = this.settings;
    const inner = [...shape.slice(0, -1), intermediateDim];
    const dense = (
      name: string,
      units: number,
      of: { activation: ActivationLike; input: LayerShape },
    ) =>
      this.#hold(
        new Dense({
          ...this.#initial(),
          ...{ name: `${this.name}/feedforward_${name}_dense`, units },
          ...{ activation: of.activation, useBias: this.settings.useBias },
        }),
        of.input,
      );
    const isGated = feedForward !== "dense";
    const gate = isGated
      ? dense("gate", intermediateDim, { activation: GATES[feedForward], input: shape })
      : null;
    const hidden = dense("intermediate", intermediateDim, { activation, input: shape });
    const output = dense("output", width, { activation: null, input: inner });
    return (x) => {
      const y = hidden.apply(x);
      return output.apply(gate ? mul(gate.apply(x), y) : y);
    };
  }

  #initial() {
    const { kernelInitializer, biasInitializer, kernelRegularizer, biasRegularizer } =
      this.settings;
    return { kernelInitializer, biasInitializer, kernelRegularizer, biasRegularizer };
  }

  override getConfig(): ConfigDict {
    return {
      ...super.getConfig(),
      ...serializeTransformer(this.settings),
      activityRegularizer: serializeRegularizer(this.activityRegularizer),
    };
  }
}

const GATES = { swiglu: "silu", geglu: "gelu" } as const;
