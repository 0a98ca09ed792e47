import { LimitError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { sizeOf } from "../graph/shape.ts";
import { specBytes } from "../graph/spec.ts";
import { topologicalOrder } from "../graph/traverse.ts";
import type { KernelTarget } from "../kernels/dispatch.ts";
import type { LoweredStep } from "./lower.ts";
import { headOf } from "./steps.ts";

/**
 * Values that lie nowhere have sizes, too: a kernel counts their elements in 32 bits.
 * @throws {LimitError} for a value whose elements it could not tell apart.
 */
export function checkSizes(roots: readonly Value[]): void {
  for (const node of topologicalOrder(roots, { isLeaf: () => false })) {
    for (const { shape } of node.outputs) {
      const size = sizeOf(shape);
      if (size < 2 ** 32) continue;
      throw new LimitError(
        `${node.op}: a tensor of shape [${shape.join(",")}] has ${size} elements, but kernels count at most ` +
          `${2 ** 32 - 1}. Split the work into smaller batches.`,
        { details: { size, limit: 2 ** 32 - 1, shape } },
      );
    }
  }
}

/** @throws {LimitError} for a buffer that no binding can hold, before anything is allocated. */
export function checkLimits(steps: readonly LoweredStep[], { limits }: KernelTarget): void {
  const most = Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize);
  for (const { step, inputs, lowered } of steps) {
    const scratch = Math.max(0, ...(lowered.scratch ?? []));
    if (scratch > most) {
      throw new LimitError(
        `${headOf(step).op}: needs ${scratch} bytes for intermediate results, but this device binds at most ` +
          `${most} bytes at once. Split the work into smaller batches.`,
        { details: { bytes: scratch, limit: most } },
      );
    }
    for (const value of [...step.results, ...inputs]) {
      const bytes = specBytes(value.spec);
      if (bytes <= most) continue;
      throw new LimitError(
        `${headOf(step).op}: a tensor of shape [${value.shape.join(",")}] takes ${bytes} bytes, but this ` +
          `device binds at most ${most} bytes at once. Split the work into smaller batches.`,
        { details: { bytes, limit: most, shape: value.shape } },
      );
    }
  }
}
