import { ShapeError } from "../errors.ts";
import type { Tensor } from "../tensor/index.ts";
import {
  type AttentionCallOptions,
  type AttentionParts,
  attentionParts,
  type PartMasks,
  partMasks,
} from "./attention-call.ts";
import type { AttentionRun } from "./attention-run.ts";
import { DropoutKeys } from "./dropout-mask.ts";
import { Layer } from "./layer.ts";
import { formatLayerShape, type LayerShape, type LayerShapes, shapeList } from "./layer-shape.ts";
import type { LayerConfig, Mask } from "./layer-types.ts";
import { asList, type SymbolicTensor } from "./symbolic.ts";

/** What a layer makes of one call. */
export interface Attended {
  readonly output: Tensor;
  /** The weights of the values, for who asks. */
  readonly scores: () => Tensor;
}

type ScoresWanted = AttentionCallOptions & { readonly returnAttentionScores: true };

/** What all attention layers have in common: query, value and key, their masks, and the scores behind the output. */
export abstract class AttentionLayer extends Layer {
  readonly dropout: number;
  readonly seed: number | undefined;
  readonly #keys: DropoutKeys;

  constructor(
    config: LayerConfig,
    { dropout, seed }: { dropout: number; seed: number | undefined },
  ) {
    super(config);
    this.dropout = dropout;
    this.seed = seed;
    this.#keys = new DropoutKeys(seed);
    this.supportsMasking = true;
  }

  protected abstract attend(
    parts: AttentionParts<Tensor>,
    masks: PartMasks,
    kwargs: AttentionCallOptions,
  ): Attended;

  /** Shape of the output and of the scores. */
  protected abstract outputShapes(
    parts: AttentionParts<LayerShape>,
  ): readonly [LayerShape, LayerShape];

  /**
   * Attends: `apply([query, value])`, `apply([query, value, key])`, or `apply(x)` for self-attention.
   * @param inputs query [B, T, D], value [B, S, E], key [B, S, D'].
   * @param kwargs The options of {@link AttentionCallOptions}.
   * @returns The output; with `returnAttentionScores` a list of output and scores.
   * @throws {ArgumentError} for another number of inputs.
   * @throws {ShapeError} when shapes do not fit each other or the weights, or a mask does not fit.
   */
  override apply(inputs: Tensor | readonly Tensor[], kwargs: ScoresWanted): Tensor[];
  override apply(
    inputs: SymbolicTensor | readonly SymbolicTensor[],
    kwargs: ScoresWanted,
  ): SymbolicTensor[];
  override apply(inputs: Tensor | readonly Tensor[], kwargs?: AttentionCallOptions): Tensor;
  override apply(
    inputs: SymbolicTensor | readonly SymbolicTensor[],
    kwargs?: AttentionCallOptions,
  ): SymbolicTensor;
  override apply(inputs: never, kwargs?: AttentionCallOptions): never {
    return super.apply(inputs, kwargs) as never;
  }

  override call(
    inputs: Tensor | readonly Tensor[],
    kwargs: AttentionCallOptions,
  ): Tensor | Tensor[] {
    const parts = attentionParts(asList(inputs), this.name);
    const masks = partMasks(kwargs.mask ?? null, 3, { layer: this.name, kwargs: {} });
    const { output, scores } = this.attend(parts, masks, kwargs);
    return kwargs.returnAttentionScores === true ? [output, scores()] : output;
  }

  /** What this call drops of the weights. */
  protected dropoutOf({ training }: AttentionCallOptions): AttentionRun["dropout"] {
    return training && this.dropout > 0 ? { rate: this.dropout, key: this.#keys.next() } : null;
  }

  /** Checks how the shapes of one call fit each other, whatever the weights are. */
  override ensureBuilt(shapes: LayerShapes): void {
    this.checkParts(attentionParts(shapeList(shapes), this.name));
    super.ensureBuilt(shapes);
  }

  /** @throws {ShapeError} when query, value and key do not go together. */
  protected checkParts({ query, value, key }: AttentionParts<LayerShape>): void {
    const agree = (a: LayerShape, b: LayerShape, axis: number): boolean => {
      const [x = null, y = null] = [a[axis], b[axis]];
      return x === null || y === null || x === y;
    };
    const isRank = query.length >= 3 && [value, key].every((one) => one.length === query.length);
    const isBatch = agree(query, value, 0) && agree(value, key, 0);
    const isTime = value.slice(1, -1).every((_, i) => agree(value, key, i + 1));
    if (isRank && isBatch && isTime) return;
    throw new ShapeError(
      `${this.name}: received query ${formatLayerShape(query)}, value ${formatLayerShape(value)} and key ` +
        `${formatLayerShape(key)}. Expected [B, T, D], [B, S, E] and [B, S, D']: the same batch, and as many keys as values.`,
      { details: { query, value, key } },
    );
  }

  protected override maskFor(
    inputs: Tensor | readonly Tensor[],
    kwargs: AttentionCallOptions,
  ): Mask {
    const given = super.maskFor(inputs, kwargs);
    return partMasks(given, asList(inputs).length, { layer: this.name, kwargs });
  }

  /** That of the query. */
  override computeMask(_inputs: Tensor | readonly Tensor[], mask: Mask): Mask {
    return Array.isArray(mask) ? (mask[0] ?? null) : mask;
  }

  override computeOutputShape(inputShape: LayerShapes, kwargs?: AttentionCallOptions): LayerShapes {
    const parts = attentionParts(shapeList(inputShape), this.name);
    const [output, scores] = this.outputShapes(parts);
    return kwargs?.returnAttentionScores === true ? [output, scores] : output;
  }
}
