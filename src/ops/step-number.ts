import type { Value } from "../graph/node.ts";

let current: Value | null = null;

/**
 * Runs `body`, which records the body of a scan; `step` is the number of the step, int32 and different at each. Random
 * operations recorded inside draw other numbers at each step.
 */
export function withStepNumber<T>(step: Value, body: () => T): T {
  const outer = current;
  current = step;
  try {
    return body();
  } finally {
    current = outer;
  }
}

/** The number of the step in the scan that is being recorded; null outside. */
export function stepNumber(): Value | null {
  return current;
}
