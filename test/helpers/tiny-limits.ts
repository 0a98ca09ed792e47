import { DEFAULT_LIMITS, type DeviceLimits } from "../../src/gpu/limits.ts";

/**
 * A device so small that every split and every refusal shows with tensors of a few elements. Only sizes and
 * counts of work are small: what a shader's text needs (8 buffers, 16 KiB of workgroup memory) every device has.
 */
export const TINY_LIMITS: DeviceLimits = {
  ...DEFAULT_LIMITS,
  maxStorageBufferBindingSize: 4096,
  maxBufferSize: 8192,
  maxComputeWorkgroupsPerDimension: 8,
};
