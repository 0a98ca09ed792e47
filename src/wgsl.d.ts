/** A shader file as text, with its `// #import` lines already replaced by the shared functions. */
declare module "*.wgsl" {
  const text: string;
  export default text;
}
