import { at } from "./at.ts";
import type { YEAR_LAG } from "./features.ts";
import { HORIZON, type Windows } from "./windows.ts";

/**
 * Seasonal-naive forecast: each day is as the latest known day that lies a multiple of `lag` days
 * before it.
 * @returns Births, [B, 28].
 */
export function seasonalNaive(
  counts: Float64Array,
  { origins }: Pick<Windows, "origins">,
  lag: 7 | typeof YEAR_LAG,
): Float64Array {
  const forecast = new Float64Array(origins.length * HORIZON); // [B, 28]
  origins.forEach((origin, b) => {
    for (let h = 0; h < HORIZON; h++) {
      const back = lag * (Math.floor(h / lag) + 1);
      forecast[b * HORIZON + h] = at(counts, origin + h - back);
    }
  });
  return forecast;
}
