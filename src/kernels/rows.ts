import rowLane from "../../shaders/lib/row_lane.wgsl";
import rowWorkgroup from "../../shaders/lib/row_workgroup.wgsl";
import type { DeviceLimits } from "../gpu/limits.ts";
import type { Value } from "../graph/node.ts";
import { sizeOf } from "../graph/shape.ts";
import { linearGroups } from "./grid.ts";
import { specialize } from "./specialize.ts";

/** Up to this width one invocation goes through a row by itself; beyond, a workgroup shares it. */
const NARROW = 32;
const LANES = 64;

/** A tensor as rows of its last axis. */
export interface Rows {
  readonly rows: number;
  readonly columns: number;
}

export function rowsOf(x: Value): Rows {
  const columns = x.shape.at(-1) ?? 1;
  return { rows: columns === 0 ? 0 : sizeOf(x.shape) / columns, columns };
}

/** A kernel over rows: its text, and its workgroups. The width chooses, which the model fixes. */
export function rowKernel(
  source: string,
  { rows, columns }: Rows,
  options: { limits: DeviceLimits; constants?: Readonly<Record<string, string>> },
): { code: string; workgroups: [number, number, number] } {
  const isNarrow = columns <= NARROW;
  const code = specialize(
    `${isNarrow ? rowLane : rowWorkgroup}\n${source}`,
    options.constants ?? {},
  );
  const groups = isNarrow ? Math.ceil(rows / LANES) : rows;
  return { code, workgroups: linearGroups(groups, options.limits) };
}
