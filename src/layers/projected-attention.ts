import { ArgumentError, ShapeError } from "../errors.ts";
import { applyRegularizer } from "../regularizers/resolve.ts";
import { add, cast, matMul, mul, reshape, sigmoid, type Tensor } from "../tensor/index.ts";
import { floatInput } from "./arguments.ts";
import { AttentionAxes } from "./attention-axes.ts";
import { type SeenKeys, seenKeys } from "./attention-cache.ts";
import {
  type AttentionCallOptions,
  type AttentionParts,
  attentionParts,
  countingSteps,
  isSelfAttention,
  maskTensor,
  type PartMasks,
  visibleKeys,
} from "./attention-call.ts";
import {
  type ProjectedAttentionConfig,
  resolveProjectedAttention,
  serializeProjectedAttention,
} from "./attention-config.ts";
import { type Attended, AttentionLayer } from "./attention-layer.ts";
import { type AttentionRun, runAttention, scoresOf } from "./attention-run.ts";
import { carriedStates, requireWholeSequence } from "./carried-states.ts";
import { addKernel } from "./kernel-config.ts";
import {
  formatLayerShape,
  knownDim,
  type LayerShape,
  type LayerShapes,
  shapeList,
} from "./layer-shape.ts";
import type { ConfigDict } from "./layer-types.ts";
import { RotaryEmbedding } from "./rotary-embedding.ts";

/** How the heads are arranged. */
export interface AttentionHeads {
  /** Heads of the queries, N. */
  readonly heads: number;
  /** Heads of keys and values, M; N is a multiple of it. */
  readonly keyHeads: number;
  /** Size of a query and of a key, K. */
  readonly keySize: number;
  /** Size of a value, V. */
  readonly valueSize: number;
}

/** Projections of one input each, in the order of Keras's weights. */
type Projection = "query" | "key" | "gate" | "value";

/**
 * Attention between learned projections of query, key and value, in several heads, and a projection of what they give.
 *
 * Weights: `query/kernel` [D, N, K], `query/bias` [N, K], `key/…` [·, M, K], with `useGate` `gate/…` [D, N, V],
 * `value/…` [·, M, V], `attention_output/kernel` [N, V, D], `attention_output/bias` [D].
 */
export abstract class ProjectedAttention extends AttentionLayer {
  protected readonly layout: AttentionHeads;
  readonly #settings;
  readonly #rotary: RotaryEmbedding | null;

  constructor(config: ProjectedAttentionConfig, heads: (layer: string) => AttentionHeads) {
    const settings = resolveProjectedAttention(config, config.name ?? new.target.className);
    super(config, settings);
    this.layout = heads(this.name);
    this.#settings = settings;
    const { rotary } = settings;
    const own = { name: `${this.name}/rotary`, ...(typeof rotary === "object" ? rotary : {}) };
    this.#rotary = rotary === false ? null : new RotaryEmbedding(own);
  }

  get useBias(): boolean {
    return this.#settings.useBias;
  }

  get useGate(): boolean {
    return this.#settings.useGate;
  }

  get slidingWindow(): number | null {
    return this.#settings.slidingWindow;
  }

  /** Shape of the output behind batch and steps; null: the features of the query. */
  protected get outputTail(): readonly number[] | null {
    return null;
  }

  /** The axes that attention runs over, as they were given; null: all between batch and features. */
  protected get axes(): readonly number[] | null {
    return null;
  }

  override build(inputShape: LayerShapes): void {
    const { query, value, key } = attentionParts(shapeList(inputShape), this.name);
    const { heads, keyHeads, keySize, valueSize } = this.layout;
    const width = (shape: LayerShape): number => knownDim(shape, -1, this.name);
    this.#rotary?.ensureBuilt([null, null, heads, keySize]);
    this.#addProjection("query", [width(query)], [heads, keySize]);
    this.#addProjection("key", [width(key)], [keyHeads, keySize]);
    if (this.useGate) this.#addProjection("gate", [width(query)], [heads, valueSize]);
    this.#addProjection("value", [width(value)], [keyHeads, valueSize]);
    this.#addProjection("attention_output", [heads, valueSize], this.outputTail ?? [width(query)]);
    super.build(inputShape);
  }

  #addProjection(name: string, inputs: readonly number[], outputs: readonly number[]): void {
    const shapes = { kernel: [...inputs, ...outputs], bias: this.useBias ? outputs : null };
    addKernel(this, this.#settings, shapes, `${name}/`);
  }

  override ensureBuilt(shapes: LayerShapes): void {
    super.ensureBuilt(shapes);
    const parts = attentionParts(shapeList(shapes), this.name);
    for (const name of ["query", "value", "key"] as const) {
      const expected = this.weight(`${name}/kernel`).shape[0];
      const shape = parts[name];
      if (shape.at(-1) === expected || shape.at(-1) === null) continue;
      throw new ShapeError(
        `${this.name}: ${name} has shape ${formatLayerShape(shape)}. Expected size ${expected} on the last axis, as the ` +
          "weights have it.",
        { details: { layer: this.name, shape, expected } },
      );
    }
  }

  protected override attend(
    { query, value, key }: AttentionParts<Tensor>,
    masks: PartMasks,
    kwargs: AttentionCallOptions,
  ): Attended {
    const axes = this.#axesOf(query, masks, kwargs);
    const rows = axes.flatten(floatInput(query, this.name)); // [B, T, D]
    const keys = axes.flatten(floatInput(key, this.name)); // [B, S, D']
    const values = axes.flatten(floatInput(value, this.name)); // [B, S, E]
    const [batch = 0, time = 0] = rows.shape;
    const sizes = { layer: this.name, batch, time, source: keys.shape[1] ?? 0 };
    const { queryMask, keyMask } = countingSteps(masks, sizes);
    const given = maskTensor(kwargs.attentionMask, `${this.name} attentionMask`);
    const shapes = { heads: this.layout.heads, query: query.shape, value: value.shape };
    const attentionMask = given && axes.mask(given, shapes, this.name);
    const isCausal = kwargs.useCausalMask === true;
    const seen = this.#seen(
      {
        key: this.#placed(this.#project("key", keys)),
        value: this.#project("value", values),
        keyMask,
      },
      { isSelf: isSelfAttention({ query, value, key }), isCausal, hasOwnMask: given !== null },
    );
    const run: AttentionRun = {
      query: this.#placed(this.#project("query", rows)), // [B, T, N, K]
      key: seen.key, // [B, S, M, K]
      value: seen.value, // [B, S, M, V]
      mask: visibleKeys(seen.keyMask, [seen.visible, attentionMask]),
      queryMask,
      scale: 1 / Math.sqrt(this.layout.keySize),
      causal: isCausal && seen.visible === null,
      window: seen.visible === null ? this.slidingWindow : null,
      dropout: this.dropoutOf(kwargs),
    };
    const attended = runAttention(run); // [B, T, N, V]
    const gated = this.useGate ? mul(attended, sigmoid(this.#project("gate", rows))) : attended;
    return {
      output: axes.restore(this.#projectOutput(gated), query.shape),
      scores: () => axes.restoreScores(scoresOf(run), query.shape, value.shape),
    };
  }

  /** Queries or keys, turned by their positions where the config says so. */
  #placed(x: Tensor): Tensor {
    return this.#rotary === null ? x : this.#rotary.apply(x);
  }

  /**
   * What the queries of a call see: where a model runs step by step, keys and values of earlier calls as well. Then
   * `visible` [1, 1, T, S] stands in place of the causal mask and the window. Another sequence than the queries' own is
   * there as a whole, and projected once.
   */
  #seen(
    fresh: { readonly key: Tensor; readonly value: Tensor; readonly keyMask: Tensor | null },
    call: { readonly isSelf: boolean; readonly isCausal: boolean; readonly hasOwnMask: boolean },
  ): SeenKeys {
    const carried = carriedStates();
    if (carried === null || carried.isWhole) return { ...fresh, visible: null };
    const { key, value, keyMask } = fresh;
    const isOfSteps = [key, value].some((one) => carried.isOfSteps(one));
    if (!isOfSteps && !call.isCausal && this.slidingWindow === null) {
      const [keys = key, values = value] = carried.keep(this.name, [key, value]);
      return { key: keys, value: values, keyMask, visible: null };
    }
    if (!call.isSelf || !call.isCausal || call.hasOwnMask) requireWholeSequence(this.name);
    return seenKeys(this.name, { ...fresh, window: this.slidingWindow });
  }

  #axesOf(query: Tensor, masks: PartMasks, kwargs: AttentionCallOptions): AttentionAxes {
    const axes = new AttentionAxes(this.axes, query.rank, this.name);
    const hasOrder =
      kwargs.useCausalMask === true || this.slidingWindow !== null || this.#rotary !== null;
    const isSingle = axes.attended.length === 1;
    if (!axes.isPlain && masks.some((mask) => mask !== null)) {
      throw new ArgumentError(
        `${this.name}: received a mask [B, T] for an input of rank ${query.rank}. Expected an attentionMask there.`,
      );
    }
    if (!hasOrder || isSingle) return axes;
    throw new ArgumentError(
      `${this.name}: useCausalMask, slidingWindow and rotary need an order of steps, and attention runs over the axes ` +
        `${axes.attended.join(", ")} here. Expected attentionAxes with one axis.`,
    );
  }

  /** x [B, T, D] · kernel [D, N, K] + bias, [B, T, N, K]. */
  #project(name: Projection, x: Tensor): Tensor {
    const [batch = 0, time = 0, width = 0] = x.shape;
    const [, ...outputs] = this.weight(`${name}/kernel`).shape;
    return this.#linear(name, reshape(x, [batch * time, width]), [batch, time, ...outputs]);
  }

  /** x [B, T, N, V] · kernel [N, V, …] + bias, [B, T, …]. */
  #projectOutput(x: Tensor): Tensor {
    const [batch = 0, time = 0, heads = 0, size = 0] = x.shape;
    const rows = reshape(x, [batch * time, heads * size]);
    const [, , ...outputs] = this.weight("attention_output/kernel").shape;
    return this.#linear("attention_output", rows, [batch, time, ...outputs]);
  }

  /** One product for all steps and heads: the kernel seen as a matrix. */
  #linear(name: Projection | "attention_output", rows: Tensor, shape: readonly number[]): Tensor {
    const width = rows.shape[1] ?? 0;
    const kernel = cast(this.weight(`${name}/kernel`), rows.dtype);
    const units = kernel.size / width;
    const product = matMul(rows, reshape(kernel, [width, units]));
    const bias = this.useBias ? cast(this.weight(`${name}/bias`), rows.dtype) : null;
    const y = bias ? add(product, reshape(bias, [units])) : product;
    const { activityRegularizer } = this.#settings;
    if (activityRegularizer !== null) this.addLoss(applyRegularizer(activityRegularizer, y));
    return reshape(y, shape);
  }

  protected override outputShapes({
    query,
    value,
  }: AttentionParts<LayerShape>): readonly [LayerShape, LayerShape] {
    const axes = new AttentionAxes(this.axes, query.length, this.name);
    const output = this.outputTail ? [...query.slice(0, -1), ...this.outputTail] : query;
    return [output, axes.scoresShape(query, value, this.layout.heads)];
  }

  override getConfig(): ConfigDict {
    return { ...super.getConfig(), ...serializeProjectedAttention(this.#settings) };
  }
}
