/**
 * Those bit flags of WebGPU that the library uses, by name. Pages have them as globals (`GPUBufferUsage`), Node has
 * not, and TypeScript's DOM library declares only their types.
 * Values: https://www.w3.org/TR/webgpu/#buffer-usage
 */
export const BufferUsage = {
  mapRead: 0x0001,
  copySrc: 0x0004,
  copyDst: 0x0008,
  uniform: 0x0040,
  storage: 0x0080,
  queryResolve: 0x0200,
} as const;

/** https://www.w3.org/TR/webgpu/#map-mode */
export const MapMode = { read: 0x0001 } as const;

/** https://www.w3.org/TR/webgpu/#typedefdef-gpushaderstageflags */
export const ShaderStage = { compute: 0x4 } as const;

/** Copies, writes and mapped ranges begin and end on multiples of this many bytes. */
export const COPY_ALIGNMENT = 4;
