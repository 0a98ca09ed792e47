/**
 * The limits of a device that decide how work is cut up. A plain record, so that planning can be tested with
 * limits of any size and without a GPU. Bytes, counts and invocations, as in the WebGPU specification.
 */
export interface DeviceLimits {
  /** Bytes of one storage binding. */
  readonly maxStorageBufferBindingSize: number;
  /** Bytes of one buffer. */
  readonly maxBufferSize: number;
  /** Storage bindings of one kernel. */
  readonly maxStorageBuffersPerShaderStage: number;
  /** Bytes of `var<workgroup>` memory of one workgroup. */
  readonly maxComputeWorkgroupStorageSize: number;
  /** Invocations of one workgroup, over all its dimensions. */
  readonly maxComputeInvocationsPerWorkgroup: number;
  /** Invocations of one workgroup along x. */
  readonly maxComputeWorkgroupSizeX: number;
  /** Workgroups of one dispatch along one dimension. */
  readonly maxComputeWorkgroupsPerDimension: number;
  /** Bytes of one uniform binding. */
  readonly maxUniformBufferBindingSize: number;
  /** Bytes; dynamic offsets of uniform bindings are multiples of it. */
  readonly minUniformBufferOffsetAlignment: number;
  /** Bytes; offsets of storage bindings are multiples of it. */
  readonly minStorageBufferOffsetAlignment: number;
}

/** What every WebGPU device has. https://www.w3.org/TR/webgpu/#limits */
export const DEFAULT_LIMITS: DeviceLimits = {
  maxStorageBufferBindingSize: 128 * 1024 * 1024,
  maxBufferSize: 256 * 1024 * 1024,
  maxStorageBuffersPerShaderStage: 8,
  maxComputeWorkgroupStorageSize: 16 * 1024,
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupSizeX: 256,
  maxComputeWorkgroupsPerDimension: 65_535,
  maxUniformBufferBindingSize: 64 * 1024,
  minUniformBufferOffsetAlignment: 256,
  minStorageBufferOffsetAlignment: 256,
};

/**
 * The two alignments stay at the specification's default: some software adapters offer 16, but a plan laid out
 * for 16 would not run on another device, and 256 is valid everywhere.
 */
const ALIGNMENTS = {
  minUniformBufferOffsetAlignment: DEFAULT_LIMITS.minUniformBufferOffsetAlignment,
  minStorageBufferOffsetAlignment: DEFAULT_LIMITS.minStorageBufferOffsetAlignment,
};

/** The record of a device or adapter, from its `limits`. */
export function readLimits(source: DeviceLimits): DeviceLimits {
  return { ...pickLimits(source), ...ALIGNMENTS };
}

/** What to ask an adapter for: its best for every limit that planning reads, less the alignments. */
export function limitsToRequest(adapter: DeviceLimits): Record<string, number> {
  const { minUniformBufferOffsetAlignment, minStorageBufferOffsetAlignment, ...maxima } =
    pickLimits(adapter);
  return maxima;
}

/** `GPUSupportedLimits` has its values on the prototype, so a spread would copy nothing. */
function pickLimits(source: DeviceLimits): DeviceLimits {
  const names = Object.keys(DEFAULT_LIMITS) as (keyof DeviceLimits)[];
  const entries = names.map((name) => [name, source[name]]);
  return Object.fromEntries(entries) as unknown as DeviceLimits;
}
