import { expandDims, scan, type Tensor, where } from "../tensor/index.ts";
import type { States } from "./recurrent-config.ts";

/**
 * What a run gives: the output of every step at the time of its input [B, T, H], and the last
 * states.
 */
export interface Sequences {
  readonly output: Tensor;
  readonly states: States;
}

/** A step of a recurrence, and what it goes over. */
export interface StepLoop {
  /** [B, T, N], or [B, T, …]: what the steps read. */
  readonly x: Tensor;
  /** States before the first step. */
  readonly states: States;
  /** bool [B, T] */
  readonly mask: Tensor | null;
  /** Whether the last step comes first. */
  readonly reverse: boolean;
  /** What masked steps give before any other step; null: every step's output is its first state. */
  readonly firstOutput: Tensor | null;
  /** One step, recorded once for all: from x [B, N] and the states to the output and the new states. */
  readonly step: (
    x: Tensor,
    states: States,
  ) => { readonly output: Tensor; readonly states: States };
}

/** Runs a step over time, as one loop on the GPU. A masked step holds the states and repeats the output before it. */
export function stepLoop({ x, states, mask, reverse, firstOutput, step }: StepLoop): Sequences {
  const options = { axis: 1, reverse };
  if (!mask) {
    const [last, output] = scan(
      (before: States, x) => {
        const after = step(x, before);
        return [after.states, after.output];
      },
      states,
      x,
      options,
    );
    return { output, states: last };
  }
  const begin = firstOutput ? [...states, firstOutput] : states;
  const [last, output] = scan(
    (before: States, [x, keep]: readonly [Tensor, Tensor]) => {
      const after = step(x, before.slice(0, states.length));
      const next = firstOutput ? [...after.states, after.output] : after.states;
      const held = next.map((one, i) => where(keep, one, before[i] ?? one));
      return [held, (firstOutput ? held.at(-1) : held[0]) ?? after.output];
    },
    begin,
    [x, expandDims(mask, -1)] as const,
    options,
  );
  return { output, states: last.slice(0, states.length) };
}
