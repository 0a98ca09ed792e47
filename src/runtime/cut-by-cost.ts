import type { PlanDispatch } from "../compiler/plan.ts";

/**
 * A submit should take about this long at most: the strictest watchdog known resets the device after two
 * seconds (Windows), browsers end their GPU process after ten.
 */
const SUBMIT_SECONDS = 0.5;
/** Pessimistic rates: a software adapter on two cores; the weakest GPU of the last ten years. */
const RATES = {
  slow: { flops: 3e9, bytes: 8e9 },
  usual: { flops: 1e11, bytes: 2e10 },
} as const;

/** Dispatches from a first one to a last one, which is left out. */
export type DispatchRange = readonly [number, number];

/** Ranges of dispatches, each of a cost that one submit may have. The bits are the same either way. */
export function cutByCost(dispatches: readonly PlanDispatch[], isSlow: boolean): DispatchRange[] {
  if (dispatches.length === 0) return [];
  const rate = isSlow ? RATES.slow : RATES.usual;
  const parts: DispatchRange[] = [];
  let from = 0;
  let seconds = 0;
  dispatches.forEach((dispatch, i) => {
    const cost = dispatch.flops / rate.flops + dispatch.bytes / rate.bytes;
    if (i > from && seconds + cost > SUBMIT_SECONDS) {
      parts.push([from, i]);
      from = i;
      seconds = 0;
    }
    seconds += cost;
  });
  parts.push([from, dispatches.length]);
  return parts;
}
