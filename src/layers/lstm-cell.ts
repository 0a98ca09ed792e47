import { checkCellConfig, GatedCell } from "./gated-cell.ts";
import { type LSTMStepConfig, lstmKeys, lstmKind } from "./lstm-kind.ts";
import type { CellConfig } from "./rnn-cell.ts";

/** What `layers.lstmCell` takes. */
export interface LSTMCellConfig extends CellConfig, LSTMStepConfig {}

/** One step of {@link lstm}, with its weights. */
export class LSTMCell extends GatedCell {
  static override readonly className = "LSTMCell";

  constructor(config: LSTMCellConfig) {
    const checked = checkCellConfig("layers.lstmCell", config, lstmKeys);
    super(checked, lstmKind("layers.lstmCell", checked));
  }
}

/**
 * One step of `layers.lstm`, for `layers.rnn`, `layers.stackedRNNCells` and cells of your own. The states are h and c.
 *
 * `rnn({ cell: lstmCell(config) })` gives what `lstm(config)` gives; that layer runs the whole sequence in one kernel
 * and is much faster.
 *
 * @example
 * const cell = sl.layers.lstmCell({ units: 4 });
 * sl.layers.rnn({ cell, returnSequences: true }).apply(sl.ones([2, 5, 3])).shape; // [2, 5, 4]
 * @throws {ArgumentError} for sizes, shares or names that are not allowed.
 * @see Keras `keras.layers.LSTMCell`, PyTorch `torch.nn.LSTMCell`
 */
export function lstmCell(config: LSTMCellConfig): LSTMCell {
  return new LSTMCell(config);
}
