import { ArgumentError } from "../errors.ts";
import { checkKeys } from "../names/check-keys.ts";
import type { Serialized } from "../names/class-registry.ts";
import { describeValue } from "../names/describe.ts";
import type { Tensor } from "../tensor/index.ts";
import type { LayerShape } from "./layer-shape.ts";
import type { ConfigDict } from "./layer-types.ts";
import {
  type CellCallOptions,
  type CellConfig,
  type CellResult,
  deserializeCell,
  RNNCell,
  serializeCell,
  stateSizesOf,
} from "./rnn-cell.ts";

/** What `layers.stackedRNNCells` takes. */
export interface StackedRNNCellsConfig extends CellConfig {
  /** The cells, the one that sees the input first; each has a name of its own. */
  readonly cells: readonly (RNNCell | Serialized)[];
}

/**
 * Several cells as one: the output of each is the input of the next.
 *
 * States: those of the first cell, then those of the second, …, in one list.
 */
export class StackedRNNCells extends RNNCell {
  static override readonly className = "StackedRNNCells";
  readonly cells: readonly RNNCell[];

  constructor(config: StackedRNNCellsConfig) {
    checkKeys("layers.stackedRNNCells", config, {
      ...{ cells: "any", name: "string", trainable: "boolean" },
    });
    super(config);
    this.cells = checkedCells(this.name, config.cells);
  }

  override get stateSize(): readonly number[] {
    return this.cells.flatMap(stateSizesOf);
  }

  override get outputSize(): number {
    return this.cells.at(-1)?.outputSize ?? 0;
  }

  override build([batch = null, ...features]: LayerShape): void {
    let shape: LayerShape = [batch, ...features];
    for (const cell of this.cells) {
      cell.ensureBuilt(shape);
      shape = [batch, cell.outputSize];
    }
    super.build(shape);
  }

  override getInitialState(batchSize: number): readonly Tensor[] {
    return this.cells.flatMap((cell) => [...cell.getInitialState(batchSize)]);
  }

  override call(x: Tensor, states: readonly Tensor[], options: CellCallOptions): CellResult {
    let output = x;
    let start = 0;
    const after: Tensor[] = [];
    for (const cell of this.cells) {
      const end = start + stateSizesOf(cell).length;
      const step = cell.call(output, states.slice(start, end), options);
      output = step.output;
      after.push(...step.states);
      start = end;
    }
    return { output, states: after };
  }

  protected override ownConfig(): ConfigDict {
    return { ...super.getConfig(), cells: this.cells.map((cell) => cell.again()) };
  }

  override getConfig(): ConfigDict {
    return { ...super.getConfig(), cells: this.cells.map(serializeCell) };
  }
}

/** @throws {ArgumentError} for no list, an empty one, and for cells of one name. */
function checkedCells(label: string, given: unknown): readonly RNNCell[] {
  if (!Array.isArray(given) || given.length === 0) {
    throw new ArgumentError(
      `${label}: received ${describeValue(given)} as cells. Expected a list with at least one cell: ` +
        "[sl.layers.lstmCell({ units: 8 }), sl.layers.lstmCell({ units: 8 })].",
    );
  }
  const cells = given.map((one: RNNCell | Serialized) => deserializeCell(one));
  const names = cells.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return cells;
  throw new ArgumentError(
    `${label}: received two cells called "${twice}". Expected a cell of its own, and a name of its own, for each place.`,
  );
}

/**
 * Several cells as one cell for `layers.rnn`: the output of each is the input of the next.
 *
 * The states of all cells stand in one list, first to last (Keras nests them, a list for each cell):
 * `rnn({ cell, returnState: true })` of two LSTM cells gives `[output, h, c, h, c]`. `initialState` may be given either way.
 * `layers.rnn({ cell: [a, b] })` says the same.
 *
 * @example
 * const cells = [sl.layers.lstmCell({ units: 8 }), sl.layers.gruCell({ units: 4 })];
 * const layer = sl.layers.rnn({ cell: sl.layers.stackedRNNCells({ cells }) });
 * layer.apply(sl.ones([2, 5, 3])).shape; // [2, 4]
 * @throws {ArgumentError} for what is no list of cells, and for two of one name.
 * @see Keras `keras.layers.StackedRNNCells`
 */
export function stackedRNNCells(config: StackedRNNCellsConfig): StackedRNNCells {
  return new StackedRNNCells(config);
}
