/**
 * The part of the optional `webgpu` package that is used. Declared here, because its own types build on
 * `@webgpu/types`, which collides with the WebGPU types of TypeScript's own DOM library.
 */
declare module "webgpu" {
  /** Makes an instance of Dawn; `options` are `"key=value"` pairs such as `"backend=vulkan"`. */
  export function create(options: readonly string[]): GPU;
}
