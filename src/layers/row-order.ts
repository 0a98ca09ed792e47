import { customGrad, gather, Tensor } from "../tensor/index.ts";
import type { RecurrentRun } from "./recurrent-run.ts";
import type { RowOrder } from "./sequence-lengths.ts";
import type { Sequences } from "./step-loop.ts";

/** Rows that the kernels compute together; a batch of so few has nothing to gain from an order. */
const ROWS_OF_A_TILE = 8;

/** The run with its rows in this order; null leaves them as they stand. */
export function toOrder(rows: RowOrder | null, run: RecurrentRun): RecurrentRun {
  if (!isWorthwhile(rows, run.x)) return run;
  const { order, inverse, mask } = rows;
  const initialStates = run.initialStates?.map((state) => move(state, order, inverse)) ?? null;
  const gateInputs = run.gateInputs?.map((one) => move(one, order, inverse)) ?? null;
  return { ...run, mask, x: move(run.x, order, inverse), gateInputs, initialStates };
}

/** What such a run gave, in the order of the input. */
export function fromOrder(rows: RowOrder | null, { output, states }: Sequences): Sequences {
  if (!isWorthwhile(rows, output)) return { output, states };
  const { order, inverse } = rows;
  return {
    output: move(output, inverse, order),
    states: states.map((state) => move(state, inverse, order)),
  };
}

/** Goes by the size of the batch, not by its lengths: other lengths need no other plan. */
function isWorthwhile(rows: RowOrder | null, sequence: Tensor): rows is RowOrder {
  return rows !== null && (sequence.shape[0] ?? 0) > ROWS_OF_A_TILE;
}

/** Rows of `x` picked by `order`. Each is picked once, so the gradient picks them back and adds nothing up. */
function move(x: Tensor, order: Tensor, inverse: Tensor): Tensor {
  const back = inverse.value; // the handle ends with the call of the layer
  const pick = customGrad((rows: Tensor) => ({
    value: gather(rows, order),
    gradFunc: (dy: Tensor) => gather(dy, Tensor.of(back)),
  }));
  return pick(x);
}
