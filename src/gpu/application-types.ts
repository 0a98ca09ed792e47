/*
 * WebGPU objects of the application, as the public declarations name them. A program whose types know WebGPU (the DOM library
 * of TypeScript 6, or the package @webgpu/types) sees those types; one whose types do not still compiles.
 */

/** The application's `GPUDevice`. */
export type ApplicationDevice = typeof globalThis extends { GPUDevice: { prototype: infer Device } }
  ? Device
  : { readonly queue: object; readonly limits: object; readonly lost: Promise<object> };

/** A `GPUBuffer` of the application's device. */
export type ApplicationBuffer = typeof globalThis extends { GPUBuffer: { prototype: infer Buffer } }
  ? Buffer
  : { readonly size: number; readonly usage: number };

/** A range of a buffer, as an entry of a bind group takes it: a `GPUBufferBinding`. Bytes. */
export interface ApplicationBufferBinding {
  readonly buffer: ApplicationBuffer;
  readonly offset: number;
  readonly size: number;
}
