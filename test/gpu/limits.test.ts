import { describe, expect, test } from "vitest";
import { DEFAULT_LIMITS, limitsToRequest, readLimits } from "../../src/gpu/limits.ts";

/** Like a real `GPUSupportedLimits`, this keeps its values on the prototype, where a spread misses them. */
const adapterLimits = Object.create({
  ...DEFAULT_LIMITS,
  maxStorageBufferBindingSize: 1 << 30,
  minUniformBufferOffsetAlignment: 16,
  minStorageBufferOffsetAlignment: 16,
  maxTextureDimension2D: 16_384,
}) as GPUSupportedLimits;

describe("limits", () => {
  test("asks for the adapter's best, and never for smaller alignments", () => {
    expect(limitsToRequest(adapterLimits)).toEqual({
      maxStorageBufferBindingSize: 1 << 30,
      maxBufferSize: 268_435_456,
      maxStorageBuffersPerShaderStage: 8,
      maxComputeWorkgroupStorageSize: 16_384,
      maxComputeInvocationsPerWorkgroup: 256,
      maxComputeWorkgroupSizeX: 256,
      maxComputeWorkgroupsPerDimension: 65_535,
      maxUniformBufferBindingSize: 65_536,
    });
  });

  test("reads values from the prototype and keeps alignments at 256", () => {
    expect(readLimits(adapterLimits)).toEqual({
      ...DEFAULT_LIMITS,
      maxStorageBufferBindingSize: 1 << 30,
    });
  });
});
