import { platform } from "#platform";
import type { KernelOptions } from "../kernels/kernel-options.ts";
import { ops, registry } from "../ops/index.ts";
import { Engine } from "../runtime/engine.ts";
import type { InitOptions } from "./init-options.ts";

/** The rules of all operations, as autograd and compiler want them. */
export const rules = { ops, registry } as const;

let engine: Engine | null = null;

/** What `init({ kernels })` asked for. */
export function kernelOptions(): KernelOptions {
  return currentEngine().kernels;
}

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
