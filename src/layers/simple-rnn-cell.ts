import { checkCellConfig, GatedCell } from "./gated-cell.ts";
import type { CellConfig } from "./rnn-cell.ts";
import { simpleRnnKind } from "./simple-rnn-kind.ts";
import type { StepConfig } from "./step-config.ts";

/** What `layers.simpleRNNCell` takes. */
export interface SimpleRNNCellConfig extends CellConfig, StepConfig {}

/** One step of {@link simpleRNN}, with its weights. */
export class SimpleRNNCell extends GatedCell {
  static override readonly className = "SimpleRNNCell";

  constructor(config: SimpleRNNCellConfig) {
    super(checkCellConfig("layers.simpleRNNCell", config, {}), simpleRnnKind);
  }
}

/**
 * One step of `layers.simpleRNN`, for `layers.rnn`, `layers.stackedRNNCells` and cells of your own. The state is h.
 *
 * `rnn({ cell: simpleRNNCell(config) })` gives what `simpleRNN(config)` gives; that layer runs the whole sequence in one
 * kernel and is much faster.
 *
 * @example
 * const cell = sl.layers.simpleRNNCell({ units: 4 });
 * sl.layers.rnn({ cell }).apply(sl.ones([2, 5, 3])).shape; // [2, 4]
 * @throws {ArgumentError} for sizes, shares or names that are not allowed.
 * @see Keras `keras.layers.SimpleRNNCell`, PyTorch `torch.nn.RNNCell`
 */
export function simpleRNNCell(config: SimpleRNNCellConfig): SimpleRNNCell {
  return new SimpleRNNCell(config);
}
