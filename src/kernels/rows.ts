import rowGroup from "../../shaders/lib/row_group.wgsl";
import rowLane from "../../shaders/lib/row_lane.wgsl";
import type { DeviceLimits } from "../gpu/limits.ts";
import type { Value } from "../graph/node.ts";
import { sizeOf } from "../graph/shape.ts";
import { linearGroups } from "./grid.ts";
import { specialize } from "./specialize.ts";

const WORKGROUP = 64;

/**
 * Invocations that share a row, by its width: as many as keep a GPU's loads together, as few as possible,
 * because software adapters pay for each that takes part in a barrier (docs/performance.md).
 */
export function lanesPerRow(columns: number): 1 | 8 | 16 | 64 {
  if (columns <= 32) return 1;
  if (columns <= 512) return 8;
  return columns <= 2048 ? 16 : 64;
}

/** A tensor as rows of its last axis. */
export interface Rows {
  readonly rows: number;
  readonly columns: number;
}

export function rowsOf(x: Value): Rows {
  const columns = x.shape.at(-1) ?? 1;
  return { rows: columns === 0 ? 0 : sizeOf(x.shape) / columns, columns };
}

/**
 * A kernel over rows: its text, and its workgroups. The width alone chooses the text, by `lanesPerRow`: another
 * number of rows compiles nothing, another width at most the three others.
 */
export function rowKernel(
  source: string,
  { rows, columns }: Rows,
  options: {
    limits: DeviceLimits;
    constants?: Readonly<Record<string, string>>;
    aliases?: Readonly<Record<string, string>>;
  },
): { code: string; workgroups: [number, number, number] } {
  const lanes = lanesPerRow(columns);
  const constants = { ...options.constants, ...(lanes > 1 && { ROW_LANES: `${lanes}u` }) };
  const code = specialize(
    `${lanes > 1 ? rowGroup : rowLane}\n${source}`,
    constants,
    options.aliases,
  );
  return { code, workgroups: linearGroups(Math.ceil((rows * lanes) / WORKGROUP), options.limits) };
}
