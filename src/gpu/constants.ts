/**
 * The bit flags of WebGPU by name. Pages have them as globals (`GPUBufferUsage`), Node has not, and TypeScript's DOM
 * library declares only their types. Values: https://www.w3.org/TR/webgpu/#buffer-usage
 */
export const BufferUsage = {
  mapRead: 0x0001,
  mapWrite: 0x0002,
  copySrc: 0x0004,
  copyDst: 0x0008,
  index: 0x0010,
  vertex: 0x0020,
  uniform: 0x0040,
  storage: 0x0080,
  indirect: 0x0100,
  queryResolve: 0x0200,
} as const;

/** https://www.w3.org/TR/webgpu/#map-mode */
export const MapMode = { read: 0x0001, write: 0x0002 } as const;

/** https://www.w3.org/TR/webgpu/#typedefdef-gpushaderstageflags */
export const ShaderStage = { vertex: 0x1, fragment: 0x2, compute: 0x4 } as const;

/** Copies, writes and mapped ranges begin and end on multiples of this many bytes. */
export const COPY_ALIGNMENT = 4;
