/** One dispatch as it ran. */
export interface ProfiledKernel {
  /** Kernel name, e.g. `lstm_stream`. */
  readonly name: string;
  /** What it computed, with the path of names it was recorded under. */
  readonly label: string;
  /** Milliseconds on the GPU; null where the adapter has no timestamp queries. */
  readonly timeMs: number | null;
  /** Floating-point operations and bytes moved, by the kernel's own account. */
  readonly flops: number;
  readonly bytes: number;
}
