/** What there is to compile: one shader with the entry point `main`. */
export interface KernelSource {
  /** For messages, labels and profiles, e.g. `"lstm_forward"`. */
  readonly name: string;
  /** The whole WGSL text. Two kernels with the same text and layout are one pipeline. */
  readonly code: string;
  /** One letter per binding of group 0, in order; see `LAYOUT_LETTERS` in pipelines.ts. */
  readonly layout: string;
}
