import { ArgumentError } from "../errors.ts";
import type { Serialized } from "../names/class-registry.ts";
import { wholeNumber } from "../names/whole-number.ts";
import type { Tensor, TensorLike } from "../tensor/index.ts";
import { dropoutRate } from "./arguments.ts";
import { Bidirectional } from "./bidirectional.ts";
import { checkConfig, type OwnKeys } from "./check-config.ts";
import { describedRecurrence } from "./described-recurrence.ts";
import { Dropout } from "./dropout.ts";
import type { AnyLayer } from "./layer.ts";
import { type LayerShapes, shapeList } from "./layer-shape.ts";
import type { ConfigDict, LayerConfig, Mask, OutputCount } from "./layer-types.ts";
import { firstMask } from "./masks.ts";
import type { Recurrence } from "./recurrence.ts";
import type { RecurrentCallOptions } from "./recurrent-config.ts";
import { statesFrom } from "./recurrent-states.ts";
import { SequenceLayer } from "./sequence-layer.ts";
import { serializeLayer } from "./serialize.ts";
import { asList } from "./symbolic.ts";

/** What `layers.stackedRNN` takes. */
export interface StackedRNNConfig extends LayerConfig {
  /** The recurrent layer; it serves as a description, each layer of the stack gets weights of its own. */
  readonly layer: Recurrence<OutputCount> | Serialized;
  /** How many layers, one on the other. */
  readonly numLayers: number;
  /** Share of each layer's output, but the last one's, that training sets to zero. Default 0. */
  readonly dropout?: number;
  /** Whether each layer runs in both directions and gives both outputs, [B, T, 2H]. Default false. */
  readonly bidirectional?: boolean;
  /** Seed of the dropout. Default: drawn from the seed of `setSeed`. */
  readonly seed?: number;
}

const keys: OwnKeys<StackedRNNConfig> = {
  layer: "any",
  numLayers: "number",
  dropout: "number",
  bidirectional: "boolean",
  seed: "number",
};

/**
 * Recurrent layers one on the other, with dropout between them.
 *
 * Weights: those of `…_l0`, then of `…_l1`, …; the names of PyTorch's layers. `layer` says what the stack gives:
 * with `returnSequences` the output of every step, with `returnState` the last states follow, layer by layer (of each: those
 * of the forward direction, then backward). `initialState` has the same order; it is that of PyTorch's `h_n`.
 */
export class StackedRNN<Count extends OutputCount = "one"> extends SequenceLayer<Count> {
  static override readonly className = "StackedRNN";
  readonly numLayers: number;
  readonly dropout: number;
  readonly bidirectional: boolean;
  /** The layers, the one that sees the input first. */
  readonly stack: readonly AnyLayer[];
  readonly #described: Recurrence<OutputCount>;
  readonly #between: readonly Dropout[];
  readonly #seed: number | undefined;

  constructor(config: StackedRNNConfig) {
    super(checkConfig("layers.stackedRNN", config, keys));
    this.numLayers = wholeNumber(config.numLayers, `${this.name}: numLayers`);
    this.dropout = dropoutRate(config.dropout ?? 0, `${this.name}: dropout`);
    this.bidirectional = config.bidirectional ?? false;
    this.#seed = config.seed;
    this.#described = describedRecurrence(config.layer, this.name);
    this.stateful = this.#described.stateful;
    this.stack = Array.from({ length: this.numLayers }, (_, level) => this.#layerAt(level));
    this.#between = this.stack.slice(1).map((_, gap) => this.#dropoutAt(gap));
  }

  #layerAt(level: number): AnyLayer {
    const { returnSequences, goBackwards } = this.#described;
    const layer = this.#described.again({
      name: `${this.#described.name}_l${level}`,
      returnSequences: returnSequences || level + 1 < this.numLayers,
      // What goes backwards gives its output in the order of computation: the layers after it go forward.
      goBackwards: goBackwards && (level === 0 || this.bidirectional),
    });
    if (!this.bidirectional) return layer;
    return new Bidirectional({ layer, name: layer.name });
  }

  #dropoutAt(gap: number): Dropout {
    const seed = this.#seed === undefined ? {} : { seed: this.#seed + gap };
    return new Dropout({ rate: this.dropout, name: `${this.name}_dropout_l${gap}`, ...seed });
  }

  /** The description has no weights of its own. */
  protected override children(): readonly AnyLayer[] {
    return this.stack;
  }

  override build(inputShape: LayerShapes): void {
    let shape = shapeList(inputShape)[0] ?? [];
    for (const layer of this.stack) {
      layer.ensureBuilt(shape);
      shape = shapeList(layer.computeOutputShape(shape))[0] ?? [];
    }
    super.build(inputShape);
  }

  override call(
    inputs: Tensor | readonly Tensor[],
    { initialState, mask, sequenceLengths, training }: RecurrentCallOptions,
  ): Tensor | Tensor[] {
    const [sequence, ...listed] = asList(inputs);
    if (sequence === undefined) throw new ArgumentError(`${this.name}: received no input.`);
    const own = statesFrom(this.name, initialState, this.numLayers);
    const states = this.#perLayer(own.length > 0 ? own : listed);
    // What went backwards in the first layer ends where it began: then the mask says it, which turns with the output.
    const isByLengths = sequenceLengths !== undefined && !this.#described.goBackwards;
    const after: Tensor[] = [];
    let x = sequence;
    this.stack.forEach((layer, level) => {
      const given = states[level] ?? [];
      const results = asList(
        layer.apply(x, {
          training,
          ...(isByLengths ? { sequenceLengths, mask: null } : {}),
          ...(level === 0 && !isByLengths ? { mask } : {}), // the mask travels on with the output
          ...(given.length > 0 ? { initialState: given } : {}),
        }),
      );
      const [output, ...last] = results;
      if (output === undefined) throw new RangeError(`${this.name}: no output`);
      after.push(...last);
      x = this.#between[level]?.apply(output, { training }) ?? output;
    });
    return after.length === 0 ? x : [x, ...after];
  }

  /** @throws {ArgumentError} when the states cannot be dealt out. */
  #perLayer(states: readonly Tensor[]): readonly (readonly Tensor[])[] {
    const each = states.length / this.numLayers;
    if (Number.isInteger(each)) {
      return this.stack.map((_, level) => states.slice(level * each, (level + 1) * each));
    }
    throw new ArgumentError(
      `${this.name}: received ${states.length} states. Expected as many for each of the ${this.numLayers} layers: ` +
        "those of the first layer, then those of the second.",
    );
  }

  override computeMask(_inputs: Tensor | readonly Tensor[], mask: Mask): Mask {
    const first = firstMask(mask);
    const bottom = this.stack[0];
    return this.#described.returnSequences && bottom ? bottom.computeMask([], first) : null;
  }

  override computeOutputShape(inputShape: LayerShapes): LayerShapes {
    let shape = shapeList(inputShape)[0] ?? [];
    const states = this.stack.flatMap((layer) => {
      const [output = [], ...rest] = shapeList(layer.computeOutputShape(shape));
      shape = output;
      return rest;
    });
    return states.length === 0 ? shape : [shape, ...states];
  }

  /**
   * Sets the states of a stateful stack to what they began with.
   * @throws {ArgumentError} for given states: give them to the layers of `stack`.
   */
  override resetStates(states?: readonly TensorLike[]): void {
    if (states === undefined) {
      super.resetStates();
      return;
    }
    throw new ArgumentError(
      `${this.name}.resetStates: received states. Expected none; give them to a layer of the stack: ` +
        "stacked.stack[0].resetStates([h]).",
    );
  }

  override getConfig(): ConfigDict {
    return {
      ...super.getConfig(),
      layer: serializeLayer(this.#described as AnyLayer),
      numLayers: this.numLayers,
      dropout: this.dropout,
      bidirectional: this.bidirectional,
      ...(this.#seed === undefined ? {} : { seed: this.#seed }),
    };
  }
}

/**
 * Recurrent layers one on the other, with dropout between them: `torch.nn.LSTM(size, 64, num_layers=2, dropout=0.2,
 * bidirectional=True)` in one layer.
 *
 * Input [B, T, I]; output as that of `layer`, [B, T, H] or [B, H], twice as wide with `bidirectional`. Dropout is applied
 * to the output of every layer but the last, anew at every step. With one layer there is none.
 *
 * @example
 * const lstm = sl.layers.lstm({ units: 8, returnSequences: true });
 * const layer = sl.layers.stackedRNN({ layer: lstm, numLayers: 2, dropout: 0.2 });
 * layer.apply(sl.ones([4, 10, 3])).shape; // [4, 10, 8]
 * @param config `layer`, `numLayers` and the options of {@link StackedRNNConfig}. Calls take `initialState` (all states in
 *   a list), `mask` (bool [B, T]) or `sequenceLengths` ([B]), and `training`.
 * @throws {ArgumentError} for a layer that is not recurrent, and for numbers out of bounds.
 * @see PyTorch `torch.nn.LSTM` (`num_layers`, `dropout`, `bidirectional`)
 */
export function stackedRNN(
  config: StackedRNNConfig & { readonly layer: Recurrence<"many"> },
): StackedRNN<"many">;
export function stackedRNN(config: StackedRNNConfig): StackedRNN;
export function stackedRNN(config: StackedRNNConfig): StackedRNN<OutputCount> {
  return new StackedRNN(config);
}
