import { UnsupportedError } from "../errors.ts";
import type { Platform } from "./platform.ts";

/** Pages and workers: WebGPU is on `navigator`, and nothing is looked at before it is needed. */
export const platform: Platform = {
  name: "browser",

  async gpu(): Promise<GPU> {
    const gpu = globalThis.navigator?.gpu;
    if (gpu !== undefined) return gpu;
    const cause =
      globalThis.isSecureContext === false
        ? "this page is not a secure context; serve it over https or from localhost"
        : "this browser has no navigator.gpu; expected a browser with WebGPU " +
          "(Chrome or Edge 113, Safari 26, Firefox 141 on Windows, or newer)";
    throw new UnsupportedError(`WebGPU is not available: ${cause}.`);
  },

  noAdapterAdvice:
    "The browser found no usable GPU. Check chrome://gpu (or about:support), update the graphics " +
    "driver, and allow hardware acceleration. Headless Chromium needs --enable-unsafe-webgpu.",
};
