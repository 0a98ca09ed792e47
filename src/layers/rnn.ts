import type { Serialized } from "../names/class-registry.ts";
import type { Tensor } from "../tensor/index.ts";
import { runCell } from "./cell-run.ts";
import { checkConfig, type OwnKeys } from "./check-config.ts";
import { type LayerShapes, shapeList } from "./layer-shape.ts";
import type { ConfigDict, OutputCount } from "./layer-types.ts";
import { Recurrence, type RecurrenceOptions } from "./recurrence.ts";
import {
  type RecurrenceConfig,
  recurrenceKeys,
  type States,
  withInputDim,
} from "./recurrent-config.ts";
import { checkStates } from "./recurrent-states.ts";
import { deserializeCell, type RNNCell, serializeCell, stateSizesOf } from "./rnn-cell.ts";
import { StackedRNNCells } from "./stacked-rnn-cells.ts";
import type { Sequences } from "./step-loop.ts";

/** What `layers.rnn` takes. */
export interface RNNConfig extends RecurrenceConfig {
  /**
   * Computes one step: `layers.lstmCell(…)` and the like, or an object of a class of yours that extends
   * `layers.RNNCell`. A list is stacked, as by `layers.stackedRNNCells`.
   */
  readonly cell: RNNCell | Serialized | readonly (RNNCell | Serialized)[];
}

const keys: OwnKeys<RNNConfig> = { ...recurrenceKeys, cell: "any" };

/**
 * Runs a cell over time: a loop on the GPU, whose body is recorded once, whatever the number of steps.
 *
 * Weights: those of the cell, `rnn_1/my_cell_1/kernel`. A stateful layer keeps the cell's states under
 * the names `state_0`, `state_1`, ….
 */
export class RNN<Count extends OutputCount = "one"> extends Recurrence<Count> {
  static override readonly className = "RNN";
  readonly cell: RNNCell;

  constructor(config: RNNConfig) {
    super(withInputDim(checkConfig("layers.rnn", config, keys)));
    this.cell = isList(config.cell)
      ? new StackedRNNCells({ cells: config.cell })
      : deserializeCell(config.cell);
    stateSizesOf(this.cell); // a cell that does not say them is named now, not at the first call
  }

  protected override get outputSize(): number {
    return this.cell.outputSize;
  }

  protected override get stateSizes(): readonly number[] {
    return stateSizesOf(this.cell);
  }

  protected override get stateNames(): readonly string[] {
    return this.stateSizes.map((_, index) => String(index));
  }

  override build(inputShape: LayerShapes): void {
    const [[batch = null, , ...features] = []] = shapeList(inputShape);
    this.cell.ensureBuilt([batch, ...features]);
    super.build(inputShape);
  }

  protected override initialStates(batch: number): States {
    const shapes = this.stateSizes.map((size) => [batch, size]);
    return checkStates(
      `${this.cell.name}: getInitialState`,
      this.cell.getInitialState(batch),
      shapes,
    );
  }

  protected override run(
    x: Tensor,
    { mask, initialStates, training }: RecurrenceOptions,
  ): Sequences {
    const { cell } = this;
    const [batchSize = 1] = x.shape;
    const first = initialStates ?? this.initialStates(batchSize);
    cell.beginSequence({ batchSize, training });
    try {
      return runCell({ cell, x, initialStates: first, mask, reverse: this.goBackwards, training });
    } finally {
      cell.endSequence();
    }
  }

  protected override ownConfig(): ConfigDict {
    return { ...super.getConfig(), cell: this.cell.again() };
  }

  override getConfig(): ConfigDict {
    return { ...super.getConfig(), cell: serializeCell(this.cell) };
  }
}

/** Whether several cells are given. `Array.isArray` by itself does not narrow a type that has a read-only array in it. */
function isList(cell: RNNConfig["cell"]): cell is readonly (RNNCell | Serialized)[] {
  return Array.isArray(cell);
}

/**
 * Runs a cell over time: one of your own, `simpleRNNCell`, `lstmCell`, `gruCell`, or several of them stacked.
 *
 * Input [B, T, I]; output the last one of the cell [B, D], or all [B, T, D] with `returnSequences`.
 * With `returnState` the last states follow. A masked step holds the states and repeats the output
 * before it (zeros with `zeroOutputForMask`).
 *
 * @example
 * class Decay extends sl.layers.RNNCell { // h' = (h + x) / 2
 *   static override readonly className = "Decay";
 *   get stateSize() { return 3; }
 *   call(x: sl.Tensor, [h]: [sl.Tensor]) {
 *     const output = h.add(x).mul(0.5);
 *     return { output, states: [output] };
 *   }
 * }
 * sl.serialization.registerClass(Decay);
 * const layer = sl.layers.rnn({ cell: new Decay(), returnSequences: true });
 * layer.apply(sl.ones([2, 5, 3])).shape; // [2, 5, 3]
 * @param config `cell` and the options of {@link RNNConfig}. Calls take `initialState` (a tensor
 *   [B, size], or a list for several states), `mask` (bool [B, T]) or `sequenceLengths` ([B]), and `training`.
 * @throws {ArgumentError} for what is no cell, or a cell without `stateSize`.
 * @throws {ArgumentError | ShapeError} by `apply`, when input, mask or states do not fit, or the
 *   cell's `call` gives states of another number or shape.
 * @see Keras `keras.layers.RNN`, TF.js `tf.layers.rnn`
 */
export function rnn(config: RNNConfig & { readonly returnState: true }): RNN<"many">;
export function rnn(config: RNNConfig): RNN;
export function rnn(config: RNNConfig): RNN<OutputCount> {
  return new RNN(config);
}
