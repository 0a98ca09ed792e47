import { isMainThread } from "node:worker_threads";
import { UnsupportedError } from "../errors.ts";
import type { Platform, ProgressBar, ProgressBarOptions } from "../gpu/platform.ts";
import { files } from "./files.ts";
import { createProgressBar } from "./progress-bar.ts";
import { findSwiftShader } from "./swiftshader.ts";
import { hasVulkanLoader, useDriver } from "./vulkan-driver.ts";

/**
 * Node: WebGPU comes from Dawn, in the optional package `webgpu`. On Linux, where no Vulkan driver works,
 * SwiftShader from the optional package `@sparticuz/chromium` serves, so that a bare machine can compute.
 *
 * Environment variables: `SLUICE_ADAPTER=swiftshader` uses SwiftShader even where other drivers are installed;
 * `SLUICE_DAWN_OPTIONS` gives Dawn further options, separated by spaces.
 */
export const platform: Platform = {
  name: "node",
  files,

  async gpu(): Promise<GPU> {
    // Deno, Electron and programs that set Dawn up themselves have an entry point already.
    const present = globalThis.navigator?.gpu;
    if (present !== undefined) return present;
    instance ??= startDawn();
    return instance;
  },

  async softwareGpu(): Promise<GPU | undefined> {
    if (process.platform !== "linux" || isSwiftShaderForced()) return undefined;
    if (!(await useSwiftShader({ withLoader: false }))) return undefined;
    instance = createInstance();
    return instance;
  },

  get noAdapterAdvice(): string {
    return adviceFor(process.platform);
  },

  progressBar(options?: ProgressBarOptions): ProgressBar {
    return createProgressBar(options);
  },
};

// Kept in this module and nowhere else: an instance that is reachable from `globalThis` outlives the event loop,
// and Dawn then hangs at exit on some systems.
let instance: Promise<GPU> | undefined;

const UNWANTED_FEATURES = [
  // Timestamps rounded to 65 µs protect pages from each other; a process of one's own needs them exact.
  "timestamp_quantization",
  // A constant that fills workgroup memory with zeros: SwiftShader makes a store an element of it and compiles
  // the recurrent kernels ten times slower. Without it Dawn writes a loop of its own.
  "use_vulkan_zero_initialize_workgroup_memory_extension",
];

async function startDawn(): Promise<GPU> {
  if (process.platform === "linux") await prepareVulkan();
  return createInstance();
}

async function createInstance(): Promise<GPU> {
  let dawn: typeof import("webgpu");
  try {
    dawn = await import("webgpu");
  } catch (cause) {
    throw new UnsupportedError(cannotImportDawn(cause), { cause });
  }
  const options = [`disable-dawn-features=${UNWANTED_FEATURES.join()}`];
  options.push(...(process.env.SLUICE_DAWN_OPTIONS ?? "").split(" ").filter((word) => word !== ""));
  return dawn.create(options);
}

async function prepareVulkan(): Promise<void> {
  if (isSwiftShaderForced()) {
    if (await useSwiftShader({ withLoader: true })) return;
    throw new UnsupportedError(
      'SLUICE_ADAPTER is "swiftshader", but SwiftShader cannot be loaded: it needs Linux on x64 with ' +
        "glibc and the package that carries it: npm install --save-dev @sparticuz/chromium",
    );
  }
  if (!hasVulkanLoader()) await useSwiftShader({ withLoader: true });
}

async function useSwiftShader(options: { withLoader: boolean }): Promise<boolean> {
  const files = await findSwiftShader();
  if (files === undefined || !useDriver(files, options)) return false;
  if (!isSwiftShaderForced()) {
    console.error(
      "sluice: no Vulkan driver works here; computing on the CPU with SwiftShader (slow).",
    );
  }
  return true;
}

function isSwiftShaderForced(): boolean {
  return process.env.SLUICE_ADAPTER === "swiftshader";
}

function cannotImportDawn(cause: unknown): string {
  const isMissing = (cause as { code?: unknown } | null)?.code === "ERR_MODULE_NOT_FOUND";
  if (isMissing) {
    return "WebGPU in Node comes from the package webgpu, which is not installed: npm install webgpu";
  }
  const reason = cause instanceof Error ? cause.message.split("\n", 1)[0] : String(cause);
  return (
    `The package webgpu is installed but cannot be loaded on ${process.platform} ${process.arch}: ` +
    `${reason}. It needs macOS, Windows, or Linux with glibc 2.34 or newer (no musl, so no Alpine).`
  );
}

/** What to install where Dawn runs but offers no adapter. */
function adviceFor(system: NodeJS.Platform): string {
  if (system !== "linux") return "Update the operating system and the graphics driver.";
  const install =
    "Install a Vulkan driver (Debian and Ubuntu: apt install libvulkan1 mesa-vulkan-drivers, Mesa 23 " +
    "or newer), or on x64 the CPU driver from npm: npm install --save-dev @sparticuz/chromium";
  const worker =
    " In a worker thread, call init() in the main thread first, or start the worker with env: SHARE_ENV.";
  return isMainThread ? install : install + worker;
}
