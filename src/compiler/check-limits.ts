import { LimitError, UnsupportedError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { sizeOf } from "../graph/shape.ts";
import { specBytes } from "../graph/spec.ts";
import { topologicalOrder } from "../graph/traverse.ts";
import type { KernelTarget } from "../kernels/dispatch.ts";
import type { LoweredStep } from "./lower.ts";
import { headOf, type Step } from "./steps.ts";

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

/**
 * @throws {LimitError} for a buffer that no binding can hold, before anything is allocated.
 * @throws {UnsupportedError} for float16 on a device whose shaders have none.
 */
export function checkLimits(steps: readonly LoweredStep[], target: KernelTarget): void {
  const { limits } = target;
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
      if (value.dtype === "float16") requireHalf(step, target);
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

function requireHalf(step: Step, { hasHalf = false }: KernelTarget): void {
  if (hasHalf) return;
  const { op, scope } = headOf(step);
  throw new UnsupportedError(
    `${scope ? `${scope}/` : ""}${op}: works with float16, but this device has no shader-f16 (some drivers have it and ` +
      'do not announce it). Use float32: cast(x, "float32"), or the dtype policy "float32".',
    { details: { feature: "shader-f16" } },
  );
}
