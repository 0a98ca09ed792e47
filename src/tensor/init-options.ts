import type { ApplicationDevice } from "../gpu/application-types.ts";
import type { KernelOptions } from "../kernels/kernel-options.ts";

/** How the engine that the top-level functions use comes by its device. */
export interface InitOptions {
  /** The application's own device: used as it is, never destroyed. Default: one of our own. */
  readonly device?: ApplicationDevice;
  /** Which adapter to prefer where there are several. Default: the platform's choice. */
  readonly powerPreference?: "low-power" | "high-performance";
  /** First seed of everything random; see `setSeed`. */
  readonly seed?: number;
  /** Force a kernel's plan, to compare or to test. Default: chosen from limits and sizes. */
  readonly kernels?: KernelOptions;
}
