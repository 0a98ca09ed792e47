import { ArgumentError, ShapeError } from "../errors.ts";
import { formatShape, shapesEqual } from "../graph/shape.ts";
import { describeValue } from "../names/describe.ts";
import { expandDims, scope, stack, Tensor, where, zerosLike } from "../tensor/index.ts";
import type { States } from "./recurrent-config.ts";
import { atTime, type Sequences } from "./recurrent-run.ts";
import { checkStates } from "./recurrent-states.ts";
import type { CellResult, RNNCell } from "./rnn-cell.ts";

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
 * Runs a cell over a sequence, step by step: its operations are recorded once a step. A masked step holds the states and
 * the output; before the first step that counts the output is zero, as in Keras.
 * @throws {ArgumentError | ShapeError} when the cell gives other than it says.
 */
export function runCell({ cell, x, initialStates, mask, reverse, training }: CellRun): Sequences {
  const time = x.shape[1] ?? 1;
  const keeps = mask && expandDims(mask, -1); // [B, T, 1]
  const outputs = new Array<Tensor>(time);
  let states = initialStates;
  let held: Tensor | null = null;
  for (let i = 0; i < time; i++) {
    const t = reverse ? time - 1 - i : i;
    const before = states;
    const after = checkedStep(
      cell,
      before,
      scope(cell.name, () => cell.call(atTime(x, t), before, { training })),
    );
    const keep = keeps && atTime(keeps, t); // [B, 1]
    const hold = (next: Tensor, old: Tensor): Tensor => (keep ? where(keep, next, old) : next);
    states = after.states.map((state, index) => hold(state, before[index] ?? state));
    held = hold(after.output, held ?? zerosLike(after.output));
    outputs[t] = held;
  }
  return { output: stack(outputs, 1), states };
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
