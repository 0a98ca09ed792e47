import { platform } from "#platform";
import type { KernelOptions } from "../kernels/dispatch.ts";
import { ops, registry } from "../ops/index.ts";
import { Engine } from "../runtime/engine.ts";

/** The rules of all operations, as autograd and compiler want them. */
export const rules = { ops, registry } as const;

/** How the engine that the top-level functions use comes by its device. */
export interface InitOptions {
  /** The application's own device: used as it is, never destroyed. Default: one of our own. */
  readonly device?: GPUDevice;
  /** Which adapter to prefer where there are several. Default: the platform's choice. */
  readonly powerPreference?: "low-power" | "high-performance";
  /** First seed of everything random; see `setSeed`. */
  readonly seed?: number;
  /** Force a kernel's plan, to compare or to test. Default: chosen from limits and sizes. */
  readonly kernels?: KernelOptions;
}

let engine: Engine | null = null;

/** The engine of the top-level functions; made on first use, without touching the GPU. */
export function currentEngine(): Engine {
  engine ??= new Engine({ platform, rules });
  return engine;
}

/** Puts another engine in its place; tensors of the old one cannot mix with those of the new one. */
export function replaceEngine(options: Omit<InitOptions, "seed">): Engine {
  engine = new Engine({ platform, rules, ...options });
  return engine;
}
