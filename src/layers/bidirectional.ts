import { ArgumentError } from "../errors.ts";
import type { Serialized } from "../names/class-registry.ts";
import { resolveName } from "../names/resolve.ts";
import { kernelOptions } from "../tensor/current.ts";
import { add, concat, mul, reverse, type Tensor } from "../tensor/index.ts";
import { checkConfig, type OwnKeys } from "./check-config.ts";
import { describedRecurrence } from "./described-recurrence.ts";
import type { AnyLayer } from "./layer.ts";
import { isShapeList, type LayerShape, type LayerShapes, shapeList } from "./layer-shape.ts";
import type { ConfigDict, LayerConfig, Mask, OutputCount } from "./layer-types.ts";
import { firstMask } from "./masks.ts";
import type { Recurrence } from "./recurrence.ts";
import type { RecurrentCallOptions } from "./recurrent-config.ts";
import { isPair, runPair } from "./recurrent-pair.ts";
import { statesFrom } from "./recurrent-states.ts";
import { fromOrder, toOrder } from "./row-order.ts";
import { SequenceLayer } from "./sequence-layer.ts";
import { serializeLayer } from "./serialize.ts";
import { asList } from "./symbolic.ts";

const mergeModes = ["concat", "sum", "mul", "ave"] as const;

/** One for the forward direction, one for the backward. */
type PairOf<T> = readonly [T, T];

/** What `layers.bidirectional` takes. */
export interface BidirectionalConfig extends LayerConfig {
  /**
   * The recurrent layer, `layers.rnn` too; it serves as a description, both directions get weights of their own.
   */
  readonly layer: Recurrence<OutputCount> | Serialized;
  /** The layer that runs backwards. Default: as `layer`. */
  readonly backwardLayer?: Recurrence<OutputCount> | Serialized;
  /** How the two outputs become one; null keeps both. Default `"concat"`, along the last axis. */
  readonly mergeMode?: (typeof mergeModes)[number] | null;
}

const keys: OwnKeys<BidirectionalConfig> = { layer: "any", backwardLayer: "any", mergeMode: "any" };

/**
 * Runs a recurrent layer in both directions of time and joins the outputs, step by step of the
 * input.
 *
 * The directions run as two ops. With `init({ kernels: { bothDirections: true } })` they are one op, side by side, where
 * the layers are alike in cell, activations, units, biases and initial states, know the fused path (see `lstm`), and
 * in training have no dropout.
 *
 * Weights: those of `forward_…`, then those of `backward_…`. Where sequences are returned the
 * outputs of masked steps are zero.
 * @see Schuster and Paliwal 1997, doi:10.1109/78.650093
 */
export class Bidirectional<Count extends OutputCount = "one"> extends SequenceLayer<Count> {
  static override readonly className = "Bidirectional";
  readonly forwardLayer: Recurrence<OutputCount>;
  readonly backwardLayer: Recurrence<OutputCount>;
  readonly mergeMode: (typeof mergeModes)[number] | null;

  constructor(config: BidirectionalConfig) {
    super(checkConfig("layers.bidirectional", config, keys));
    const { mergeMode = "concat" } = config;
    this.mergeMode =
      mergeMode === null ? null : resolveName(mergeMode, mergeModes, { what: "mergeMode" });
    const forward = describedRecurrence(config.layer, this.name);
    const backward = config.backwardLayer
      ? describedRecurrence(config.backwardLayer, this.name)
      : forward;
    const goBackwards = config.backwardLayer ? backward.goBackwards : !forward.goBackwards;
    this.forwardLayer = again(forward, { prefix: "forward", goBackwards: forward.goBackwards });
    this.backwardLayer = again(backward, { prefix: "backward", goBackwards });
    this.stateful = forward.stateful;
    this.#checkPair();
  }

  #checkPair(): void {
    const { forwardLayer: forward, backwardLayer: backward } = this;
    const agree =
      forward.goBackwards !== backward.goBackwards &&
      forward.returnSequences === backward.returnSequences &&
      forward.returnState === backward.returnState;
    if (agree) return;
    throw new ArgumentError(
      `${this.name}: layer and backwardLayer do not make a pair. Expected opposite goBackwards, ` +
        "and the same returnSequences and returnState.",
    );
  }

  override build(inputShape: LayerShapes): void {
    this.forwardLayer.ensureBuilt(inputShape);
    this.backwardLayer.ensureBuilt(inputShape);
    super.build(inputShape);
  }

  override call(
    inputs: Tensor | readonly Tensor[],
    kwargs: RecurrentCallOptions,
  ): Tensor | Tensor[] {
    const [x, ...listed] = asList(inputs);
    if (x === undefined) throw new ArgumentError(`${this.name}: received no input.`);
    const own = statesFrom(this.name, kwargs.initialState, 2);
    const states = own.length > 0 ? own : listed;
    if (states.length % 2 !== 0) {
      throw new ArgumentError(
        `${this.name}: received ${states.length} states. Expected those of the forward layer, ` +
          "then as many of the backward layer.",
      );
    }
    const half = states.length / 2;
    const optionsOf = (own: readonly Tensor[]): RecurrentCallOptions => ({
      ...kwargs,
      initialState: own.length > 0 ? own : undefined,
    });
    const options = [optionsOf(states.slice(0, half)), optionsOf(states.slice(half))] as const;
    const together = kernelOptions().bothDirections ? this.#runTogether(x, options) : null;
    const results = together ?? this.#runApart(x, options);
    const [[forward, ...forwardStates], [backward, ...backwardStates]] = results;
    if (forward === undefined || backward === undefined) throw new RangeError("no output");
    const merged = this.#merge(this.#inOrder(forward, false), this.#inOrder(backward, true));
    const last = [...forwardStates, ...backwardStates];
    return merged.length === 1 && last.length === 0 ? (merged[0] ?? forward) : [...merged, ...last];
  }

  /** Outputs and states of both from one op; null where they have to run apart. */
  #runTogether(x: Tensor, options: PairOf<RecurrentCallOptions>): PairOf<readonly Tensor[]> | null {
    const { forwardLayer, backwardLayer } = this;
    const training = options[0].training === true;
    const forward = forwardLayer.fusible(training);
    const backward = backwardLayer.fusible(training);
    if (forward === null || backward === null || !isPair(forward, backward)) return null;
    const given = forwardLayer.prepare(x, options[0]); // takes carried states: not before it is sure
    const givenBack = backwardLayer.prepare(x, options[1]);
    const { rows } = given.options;
    const pair = {
      forward: toOrder(rows, forward.describe(given.x, given.options)),
      backward: toOrder(rows, backward.describe(givenBack.x, givenBack.options)),
    };
    const [first, second] = runPair(pair).map((sequences) => fromOrder(rows, sequences));
    if (first === undefined || second === undefined) return null;
    return [
      asList(forwardLayer.finish(first, given.options)),
      asList(backwardLayer.finish(second, givenBack.options)),
    ];
  }

  #runApart(x: Tensor, options: PairOf<RecurrentCallOptions>): PairOf<readonly Tensor[]> {
    const run = (layer: AnyLayer, own: RecurrentCallOptions): readonly Tensor[] => {
      // The lengths say what the mask says, and more: the layers make their own of them.
      const mask = own.sequenceLengths ? null : own.mask;
      return asList(layer.apply(x, { ...own, mask }));
    };
    return [run(this.forwardLayer, options[0]), run(this.backwardLayer, options[1])];
  }

  /** The output in the order of the input. */
  #inOrder(output: Tensor, isBackward: boolean): Tensor {
    const layer = isBackward ? this.backwardLayer : this.forwardLayer;
    return layer.returnSequences && layer.goBackwards ? reverse(output, 1) : output;
  }

  #merge(forward: Tensor, backward: Tensor): Tensor[] {
    switch (this.mergeMode) {
      case null:
        return [forward, backward];
      case "concat":
        return [concat([forward, backward], -1)];
      case "sum":
        return [add(forward, backward)];
      case "mul":
        return [mul(forward, backward)];
      case "ave":
        return [mul(add(forward, backward), 0.5)];
    }
  }

  override computeMask(_inputs: Tensor | readonly Tensor[], mask: Mask): Mask {
    const first = firstMask(mask);
    const passed = this.forwardLayer.returnSequences ? first : null;
    return this.mergeMode === null ? [passed, passed] : passed;
  }

  override computeOutputShape(inputShape: LayerShapes): LayerShapes {
    const list = (layer: AnyLayer): readonly LayerShape[] =>
      shapeList(layer.computeOutputShape(inputShape));
    const [forward = [], ...forwardStates] = list(this.forwardLayer);
    const [backward = [], ...backwardStates] = list(this.backwardLayer);
    const width = (forward.at(-1) ?? 0) + (backward.at(-1) ?? 0);
    const joined = [...forward.slice(0, -1), width];
    const merged = { concat: [joined], sum: [forward], mul: [forward], ave: [forward] };
    const outputs = this.mergeMode === null ? [forward, backward] : merged[this.mergeMode];
    const all: LayerShapes = [...outputs, ...forwardStates, ...backwardStates];
    const [only] = all;
    return all.length === 1 && only !== undefined && !isShapeList(only) ? only : all;
  }

  override getConfig(): ConfigDict {
    return {
      ...super.getConfig(),
      layer: serializeLayer(this.forwardLayer),
      backwardLayer: serializeLayer(this.backwardLayer),
      mergeMode: this.mergeMode,
    };
  }
}

/** A layer of the same config, without weights yet, under a name of its own. */
function again(
  layer: Recurrence<OutputCount>,
  { prefix, goBackwards }: { prefix: string; goBackwards: boolean },
): Recurrence<OutputCount> {
  return layer.again({
    name: layer.name.startsWith(`${prefix}_`) ? layer.name : `${prefix}_${layer.name}`,
    goBackwards,
    zeroOutputForMask: layer.returnSequences,
  });
}

/**
 * Runs a recurrent layer forwards and backwards and joins the outputs.
 *
 * Input [B, T, I]; output as that of the layer, twice as wide with `mergeMode` `"concat"`. With
 * `returnState` on the layer the states follow: first those of the forward direction.
 *
 * @example
 * const gru = sl.layers.gru({ units: 4, returnSequences: true });
 * const layer = sl.layers.bidirectional({ layer: gru });
 * layer.apply(sl.ones([2, 5, 3])).shape; // [2, 5, 8]
 * @param config `layer` and the options of {@link BidirectionalConfig}.
 * @throws {ArgumentError} for a layer that is not recurrent, or a pair that does not fit together.
 * @see Keras `keras.layers.Bidirectional`
 */
export function bidirectional(
  config: BidirectionalConfig & { readonly layer: Recurrence<"many"> },
): Bidirectional<"many">;
export function bidirectional(
  config: BidirectionalConfig & { readonly mergeMode: null },
): Bidirectional<"many">;
export function bidirectional(config: BidirectionalConfig): Bidirectional;
export function bidirectional(config: BidirectionalConfig): Bidirectional<OutputCount> {
  return new Bidirectional(config);
}
