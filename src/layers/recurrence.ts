import { ArgumentError, ShapeError } from "../errors.ts";
import { formatShape, type Shape, shapesEqual } from "../graph/shape.ts";
import type { RecurrentAttributes } from "../ops/ops.ts";
import { getRegularizer, serializeRegularizer } from "../regularizers/resolve.ts";
import {
  cast,
  expandDims,
  reverse,
  type Tensor,
  type TensorLike,
  type Variable,
  where,
  zeros,
  zerosLike,
} from "../tensor/index.ts";
import { floatInput } from "./arguments.ts";
import { carriedStates } from "./carried-states.ts";
import { knownDim, type LayerShape, type LayerShapes, shapeList } from "./layer-shape.ts";
import type { ConfigDict, Mask, OutputCount } from "./layer-types.ts";
import { firstMask } from "./masks.ts";
import { runObserved } from "./recurrence-observer.ts";
import type { RecurrenceConfig, RecurrentCallOptions, States } from "./recurrent-config.ts";
import { atTime, type RecurrentRun } from "./recurrent-run.ts";
import { checkStates, StateVariables, statesFrom } from "./recurrent-states.ts";
import { SequenceLayer } from "./sequence-layer.ts";
import { type RowOrder, rowOrder, sequenceOf } from "./sequence-lengths.ts";
import type { Sequences } from "./step-loop.ts";
import { asList } from "./symbolic.ts";

/** What one run over a sequence is given beside the sequence. */
export interface RecurrenceOptions {
  /** bool [B, T] */
  readonly mask: Tensor | null;
  /** An order in which rows that end early stand together. */
  readonly rows: RowOrder | null;
  /** [B, size] each; null: the layer's own. */
  readonly initialStates: States | null;
  readonly training: boolean;
}

/** A layer that the fused op can run together with another. Saying so records nothing. */
export interface FusibleLayer {
  readonly attributes: RecurrentAttributes;
  readonly units: number;
  readonly useBias: boolean;
  readonly stateful: boolean;
  /** The run over a sequence [B, T, I]. */
  readonly describe: (x: Tensor, options: RecurrenceOptions) => RecurrentRun;
}

/**
 * What all layers have in common that carry states over time, whatever computes the steps: masks,
 * states, the order of outputs, shapes.
 */
export abstract class Recurrence<Count extends OutputCount = "one"> extends SequenceLayer<Count> {
  readonly returnSequences: boolean;
  readonly returnState: boolean;
  readonly goBackwards: boolean;
  readonly zeroOutputForMask: boolean;
  #states: StateVariables | null = null;

  constructor(config: RecurrenceConfig) {
    super(config);
    this.returnSequences = config.returnSequences ?? false;
    this.returnState = config.returnState ?? false;
    this.goBackwards = config.goBackwards ?? false;
    this.stateful = config.stateful ?? false;
    this.zeroOutputForMask = config.zeroOutputForMask ?? false;
    this.activityRegularizer = getRegularizer(config.activityRegularizer);
  }

  /** Size of the output of a step. */
  protected abstract get outputSize(): number;
  /** Size of each state. */
  protected abstract get stateSizes(): readonly number[];
  /** Name of each state. */
  protected abstract get stateNames(): readonly string[];

  /**
   * Runs over the sequence [B, T, I]. Gives the output of every step at the time of its input; masked steps hold
   * states and output.
   */
  protected abstract run(x: Tensor, options: RecurrenceOptions): Sequences;

  /**
   * The layer as one that a fused op can run together with another. Null where the layer has to run by itself: always,
   * but for layers that know better.
   */
  fusible(_training: boolean): FusibleLayer | null {
    return null;
  }

  /** The states that a sequence begins with when nobody gives others. */
  protected initialStates(batch: number): States {
    return this.stateSizes.map((size) => zeros([batch, size]));
  }

  /** To be called by overriding layers once their weights are made. */
  override build(inputShape: LayerShapes): void {
    const [shape = []] = shapeList(inputShape);
    if (this.stateful) {
      this.#states = new StateVariables(this.name, this.stateNames, {
        inputShape: shape,
        sizes: this.stateSizes,
        initial: (batch) => this.initialStates(batch),
      });
    }
    this.inputSpec = [{ ndim: 3, axes: { [-1]: knownDim(shape, -1, this.name) } }];
    super.build(inputShape);
  }

  override call(
    inputs: Tensor | readonly Tensor[],
    kwargs: RecurrentCallOptions,
  ): Tensor | Tensor[] {
    const { x, options } = this.prepare(inputs, kwargs);
    const first = (): States => options.initialStates ?? this.initialStates(x.shape[0] ?? 1);
    const observed = runObserved(this, { x, mask: options.mask, first });
    return this.finish(observed ?? this.run(x, options), options);
  }

  /** What `run` is to be given; `bidirectional` runs two layers at once with it. */
  prepare(
    inputs: Tensor | readonly Tensor[],
    kwargs: RecurrentCallOptions,
  ): { x: Tensor; options: RecurrenceOptions } {
    const [sequence, ...listed] = asList(inputs);
    const x = floatInput(sequence ?? [], this.name); // [B, T, I]
    const mask = this.#maskOf(kwargs.mask ?? null, x);
    const { sequenceLengths } = kwargs;
    const rows = sequenceLengths ? rowOrder(sequenceLengths, sequenceOf(x, this.name)) : null;
    const initialStates =
      this.#carriedStates(x) ?? this.#givenStates(x, kwargs.initialState, listed);
    const options = { mask, rows, initialStates, training: kwargs.training === true };
    return { x: mask ? withoutPadding(x, mask) : x, options };
  }

  /** What a run gave as it leaves the layer; the states go to who carries them, or are kept by a stateful layer. */
  finish({ output, states }: Sequences, { mask }: RecurrenceOptions): Tensor | Tensor[] {
    const carried = carriedStates();
    if (carried !== null) carried.after.push(...states);
    else this.#states?.write(states);
    const ordered = this.#order(output, mask); // [B, T, H]
    const time = output.shape[1] ?? 1;
    const result = this.returnSequences ? ordered : atTime(ordered, time - 1);
    return this.returnState ? [result, ...states] : result;
  }

  /**
   * The outputs as they leave the layer: in the order they were computed in, masked ones zero if
   * asked.
   */
  #order(output: Tensor, mask: Tensor | null): Tensor {
    const shown =
      mask !== null && this.zeroOutputForMask
        ? where(expandDims(mask, -1), output, zerosLike(output))
        : output;
    return this.goBackwards ? reverse(shown, 1) : shown;
  }

  /** The states that the call gave, or that a stateful layer kept. */
  #givenStates(
    x: Tensor,
    given: RecurrentCallOptions["initialState"],
    listed: readonly Tensor[],
  ): States | null {
    const [batch = 1] = x.shape;
    const shapes = this.#stateShapes(batch);
    const own = statesFrom(this.name, given, shapes.length);
    const states = own.length > 0 ? own : listed;
    if (states.length > 0) return checkStates(this.name, states, shapes);
    return carriedStates() === null ? (this.#states?.forBatch(batch) ?? null) : null;
  }

  /** The states that whoever runs the model carries on from its last call. */
  #carriedStates(x: Tensor): States | null {
    const shapes = this.#stateShapes(x.shape[0] ?? 1);
    const states = carriedStates()?.take(this.name, shapes.length) ?? null;
    return states && checkStates(this.name, states, shapes);
  }

  #stateShapes(batch: number): Shape[] {
    return this.stateSizes.map((size) => [batch, size]);
  }

  #maskOf(mask: Mask, x: Tensor): Tensor | null {
    const first = firstMask(mask);
    if (first === null) return null;
    const expected = x.shape.slice(0, 2);
    if (!shapesEqual(first.shape, expected)) {
      throw new ShapeError(
        `${this.name}: received a mask of shape ${formatShape(first.shape)}. Expected ` +
          `${formatShape(expected)}, batch and time of the input ${formatShape(x.shape)}.`,
        { details: { mask: first.shape, input: x.shape } },
      );
    }
    return first.dtype === "bool" ? first : cast(first, "bool");
  }

  override computeMask(_inputs: Tensor | readonly Tensor[], mask: Mask): Mask {
    const first = firstMask(mask);
    if (first === null || !this.returnSequences) return null;
    return this.goBackwards ? reverse(first, 1) : first;
  }

  override computeOutputShape(inputShape: LayerShapes): LayerShapes {
    const [batch = null, time = null] = shapeList(inputShape)[0] ?? [];
    const step: LayerShape = [batch, this.outputSize];
    const output: LayerShape = this.returnSequences ? [batch, time, this.outputSize] : step;
    return this.returnState ? [output, ...this.stateSizes.map((size) => [batch, size])] : output;
  }

  /**
   * A layer like this one, with some of the config replaced and without weights yet. It takes what has no name in
   * a config, too: functions, and cells of classes that nobody registered.
   */
  again(changes: ConfigDict): Recurrence<Count> {
    const LayerClass = this.constructor as unknown as {
      fromConfig(config: ConfigDict): Recurrence<Count>;
    };
    return LayerClass.fromConfig({ ...this.ownConfig(), ...changes });
  }

  /** What `again` makes layers of: the config, where all of it is plain data. For layers to override. */
  protected ownConfig(): ConfigDict {
    return this.getConfig();
  }

  /**
   * Sets the state of a stateful layer to what it began with (zeros, unless a cell says otherwise), or to `states`.
   * @throws {ArgumentError | ShapeError} when `states` do not fit, or the layer has none to set.
   */
  override resetStates(states?: readonly TensorLike[]): void {
    if (states !== undefined && this.#states === null) {
      const why = this.stateful ? "has no weights yet" : "keeps no states";
      const wayOut = this.stateful ? "build it, or apply it, first" : "make it with stateful: true";
      throw new ArgumentError(
        `${this.name}: resetStates received states, but the layer ${why}. Expected a stateful layer that was built: ` +
          `${wayOut}.`,
      );
    }
    this.#states?.reset(states);
  }

  protected override ownStates(): (readonly [string, Variable])[] {
    return this.#states?.byName() ?? [];
  }

  override dispose(): { numDisposedVariables: number } {
    const { numDisposedVariables } = super.dispose();
    const states = this.#states?.dispose() ?? 0;
    this.#states = null;
    return { numDisposedVariables: numDisposedVariables + states };
  }

  override getConfig(): ConfigDict {
    return {
      ...super.getConfig(),
      activityRegularizer: serializeRegularizer(this.activityRegularizer),
      returnSequences: this.returnSequences,
      returnState: this.returnState,
      goBackwards: this.goBackwards,
      stateful: this.stateful,
      zeroOutputForMask: this.zeroOutputForMask,
    };
  }
}

/** The sequence with zeros in masked steps: what stands there, NaN too, reaches no product and no gradient. */
function withoutPadding(x: Tensor, mask: Tensor): Tensor {
  return where(expandDims(mask, -1), x, zerosLike(x));
}
