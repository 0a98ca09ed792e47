import { LimitError } from "../errors.ts";
import type { DeviceLimits } from "../gpu/limits.ts";

/**
 * Workgroup counts for `count` workgroups in a row, as [x, y, 1] where one dimension cannot hold them all.
 * The shader gets the number back by `linear_workgroup` (shaders/lib/grid.wgsl) and has to compare it
 * with its own count: the grid can be larger by up to y - 1 workgroups.
 * @throws {LimitError} when two dimensions do not suffice either.
 */
export function linearGroups(count: number, limits: DeviceLimits): [number, number, 1] {
  const most = limits.maxComputeWorkgroupsPerDimension;
  if (count <= most) return [count, 1, 1];
  const y = Math.ceil(count / most);
  if (y > most) {
    throw new LimitError(
      `This work needs ${count} workgroups, but one dispatch of this device holds at most ` +
        `${most} x ${most}. Split it into smaller batches.`,
      { details: { count, maxComputeWorkgroupsPerDimension: most } },
    );
  }
  return [Math.ceil(count / y), y, 1];
}
