import { platform } from "../../src/node/platform.ts";
import { Engine } from "../../src/runtime/engine.ts";
import { rules } from "../../src/tensor/current.ts";

/** An engine of the test's own: on this device, or on one that it acquires. */
export function newEngine(device?: GPUDevice): Engine {
  return new Engine({ platform, rules, ...(device ? { device } : {}) });
}
