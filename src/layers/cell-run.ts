import { ArgumentError, ShapeError } from "../errors.ts";
import { formatShape, shapesEqual } from "../graph/shape.ts";
import { describeValue } from "../names/describe.ts";
import { scope, Tensor, zeros } from "../tensor/index.ts";
import type { States } from "./recurrent-config.ts";
import { checkStates } from "./recurrent-states.ts";
import type { CellResult, RNNCell } from "./rnn-cell.ts";
import { type Sequences, stepLoop } from "./step-loop.ts";

/** All that the run of a cell over a sequence needs. */
export interface CellRun {
  readonly cell: RNNCell;
  /** [B, T, I] */
  readonly x: Tensor;
  /** [B, size] each. */
  readonly initialStates: States;
  /** bool [B, T] */
  readonly mask: Tensor | null;
  /** Whether the last step comes first. */
  readonly reverse: boolean;
  readonly training: boolean;
}

/**
 * Runs a cell over a sequence: its operations are recorded once, whatever the number of steps. A masked step holds the
 * states and the output; before the first step that counts the output is zero, as in Keras.
 * @throws {ArgumentError | ShapeError} when the cell gives other than it says.
 */
export function runCell({ cell, x, initialStates, mask, reverse, training }: CellRun): Sequences {
  return stepLoop({
    x,
    states: initialStates,
    mask,
    reverse,
    firstOutput: zeros([x.shape[0] ?? 1, cell.outputSize]),
    step: (x, states) =>
      checkedStep(
        cell,
        states,
        scope(cell.name, () => cell.call(x, states, { training })),
      ),
  });
}

/** What a step gave, when it is what the cell says of itself. */
export function checkedStep(cell: RNNCell, before: States, given: unknown): CellResult {
  const { output, states } = (given ?? {}) as Partial<Record<keyof CellResult, unknown>>;
  const isStates = Array.isArray(states) && states.every((state) => state instanceof Tensor);
  if (!(output instanceof Tensor) || !isStates) {
    throw new ArgumentError(
      `${cell.name}: call gave ${describeValue(given)}. Expected { output, states }: a tensor, and a list of tensors.`,
    );
  }
  const expected = [before[0]?.shape[0] ?? 1, cell.outputSize];
  if (!shapesEqual(output.shape, expected)) {
    throw new ShapeError(
      `${cell.name}: call gave an output of shape ${formatShape(output.shape)}. Expected ${formatShape(expected)}, ` +
        "batch and outputSize (by default the size of the first state).",
      { details: { received: output.shape, expected } },
    );
  }
  const shapes = before.map(({ shape }) => shape);
  return { output, states: checkStates(`${cell.name}: call`, states as Tensor[], shapes) };
}
