import { type ConstraintLike, getConstraint, serializeConstraint } from "../constraints/resolve.ts";
import type { DType } from "../graph/dtype.ts";
import {
  getInitializer,
  type InitializerLike,
  serializeInitializer,
} from "../initializers/index.ts";
import type { KeyRules } from "../names/check-keys.ts";
import { wholeNumber } from "../names/whole-number.ts";
import {
  getRegularizer,
  type RegularizerLike,
  serializeRegularizer,
} from "../regularizers/resolve.ts";
import { cast, gather, notEqual, type Tensor } from "../tensor/index.ts";
import { singleInput } from "./arguments.ts";
import { checkConfig, type OwnKeys } from "./check-config.ts";
import { Layer } from "./layer.ts";
import { type LayerShape, type LayerShapes, singleShape } from "./layer-shape.ts";
import type { CallOptions, ConfigDict, LayerConfig, Mask } from "./layer-types.ts";

/** What `layers.embedding` takes. */
export interface EmbeddingConfig extends LayerConfig {
  /** Number of ids, V: ids run from 0 to `inputDim - 1`. */
  readonly inputDim: number;
  /** Size of the vector of an id, D. */
  readonly outputDim: number;
  /** First values of the vectors [V, D]. Default `"uniform"`, ±0.05. */
  readonly embeddingsInitializer?: InitializerLike;
  /** Penalty on the vectors. Default none. */
  readonly embeddingsRegularizer?: RegularizerLike | null;
  /** What training brings the vectors back to after each update. Default none. */
  readonly embeddingsConstraint?: ConstraintLike | null;
  /** Penalty on the output. Default none. */
  readonly activityRegularizer?: RegularizerLike | null;
  /**
   * Whether id 0 means padding: steps with it are masked for the layers that follow. Default false.
   */
  readonly maskZero?: boolean;
  /** Length of the sequences; another way to say `inputShape: [inputLength]`. */
  readonly inputLength?: number;
}

const keys: OwnKeys<EmbeddingConfig> = {
  inputDim: "number",
  outputDim: "number",
  embeddingsInitializer: "any",
  embeddingsRegularizer: "any",
  activityRegularizer: "any",
  maskZero: "boolean",
  inputLength: "number",
  embeddingsConstraint: "any",
  loraRank: "notYet",
};

/**
 * A vector for each id: [B, T] whole numbers → [B, T, D].
 *
 * Weights: `embeddings` [V, D].
 */
export class Embedding extends Layer {
  static override readonly className: string = "Embedding";
  readonly inputDim: number;
  readonly outputDim: number;
  readonly maskZero: boolean;
  readonly #initializer;
  readonly #regularizer;
  readonly #constraint;

  /** A class derived from it says what it is made by, and which further options it has. */
  constructor(config: EmbeddingConfig, maker = "layers.embedding", more: KeyRules = {}) {
    checkConfig(maker, config, { ...more, ...keys });
    const shape = config.inputLength === undefined ? {} : { inputShape: [config.inputLength] };
    super({ inputDType: "int32", ...shape, ...config });
    this.inputDim = wholeNumber(config.inputDim, `${this.name}: inputDim`);
    this.outputDim = wholeNumber(config.outputDim, `${this.name}: outputDim`);
    this.maskZero = config.maskZero ?? false;
    this.supportsMasking = true;
    this.activityRegularizer = getRegularizer(config.activityRegularizer);
    this.#initializer = getInitializer(config.embeddingsInitializer ?? "uniform");
    this.#regularizer = getRegularizer(config.embeddingsRegularizer);
    this.#constraint = getConstraint(config.embeddingsConstraint);
  }

  override build(inputShape: LayerShapes): void {
    const shape = [this.inputDim, this.outputDim]; // [V, D]
    const [first, penalty] = [this.#initializer, this.#regularizer];
    this.addWeight("embeddings", shape, "float32", first, penalty, true, this.#constraint);
    super.build(inputShape);
  }

  override call(inputs: Tensor | readonly Tensor[], _kwargs: CallOptions = {}): Tensor {
    const ids = this.#ids(inputs); // [B, T]
    return gather(this.weight("embeddings"), ids); // [B, T, D]
  }

  override computeMask(
    inputs: Tensor | readonly Tensor[],
    _mask: Mask = null,
    _kwargs: CallOptions = {},
  ): Mask {
    return this.maskZero ? notEqual(this.#ids(inputs), 0) : null; // [B, T]
  }

  override computeOutputShape(inputShape: LayerShapes, _kwargs: CallOptions = {}): LayerShape {
    return [...singleShape(inputShape, this.name), this.outputDim];
  }

  override computeOutputDType(): DType {
    return "float32";
  }

  #ids(inputs: Tensor | readonly Tensor[]): Tensor {
    const ids = singleInput(inputs, this.name);
    return ids.dtype === "int32" ? ids : cast(ids, "int32");
  }

  override getConfig(): ConfigDict {
    return {
      ...super.getConfig(),
      inputDim: this.inputDim,
      outputDim: this.outputDim,
      embeddingsInitializer: serializeInitializer(this.#initializer),
      embeddingsRegularizer: serializeRegularizer(this.#regularizer),
      embeddingsConstraint: serializeConstraint(this.#constraint),
      activityRegularizer: serializeRegularizer(this.activityRegularizer),
      maskZero: this.maskZero,
    };
  }
}

/**
 * Turns ids into vectors that training learns: [B, T] → [B, T, outputDim].
 *
 * Weights: `embeddings` [inputDim, outputDim]. With `maskZero` the layers that follow pass over the
 * steps whose id is 0.
 *
 * @example
 * const layer = sl.layers.embedding({ inputDim: 50, outputDim: 8, maskZero: true });
 * layer.apply(sl.tensor2d([[4, 20, 0], [1, 0, 0]], [2, 3], "int32")).shape; // [2, 3, 8]
 * @param config `inputDim`, `outputDim` and the options of {@link EmbeddingConfig}.
 * @throws {ArgumentError} for sizes that are no whole numbers from 1 up.
 * @see Keras `keras.layers.Embedding`, PyTorch `torch.nn.Embedding`
 */
export function embedding(config: EmbeddingConfig): Embedding {
  return new Embedding(config);
}
