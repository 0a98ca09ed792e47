import { checkCellConfig, GatedCell } from "./gated-cell.ts";
import { type GRUStepConfig, gruKeys, gruKind } from "./gru-kind.ts";
import type { CellConfig } from "./rnn-cell.ts";

/** What `layers.gruCell` takes. */
export interface GRUCellConfig extends CellConfig, GRUStepConfig {}

/** One step of {@link gru}, with its weights. */
export class GRUCell extends GatedCell {
  static override readonly className = "GRUCell";

  constructor(config: GRUCellConfig) {
    super(checkCellConfig("layers.gruCell", config, gruKeys), gruKind(config));
  }
}

/**
 * One step of `layers.gru`, for `layers.rnn`, `layers.stackedRNNCells` and cells of your own. The state is h.
 *
 * `rnn({ cell: gruCell(config) })` gives what `gru(config)` gives; that layer runs the whole sequence in one kernel and
 * is much faster.
 *
 * @example
 * const cell = sl.layers.gruCell({ units: 4 });
 * sl.layers.rnn({ cell }).apply(sl.ones([2, 5, 3])).shape; // [2, 4]
 * @throws {ArgumentError} for sizes, shares or names that are not allowed.
 * @see Keras `keras.layers.GRUCell`, PyTorch `torch.nn.GRUCell`
 */
export function gruCell(config: GRUCellConfig): GRUCell {
  return new GRUCell(config);
}
