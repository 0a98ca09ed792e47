import { existsSync } from "node:fs";
import { acquireDevice, type GpuDevice } from "../../src/gpu/device.ts";
import { platform } from "../../src/node/platform.ts";

/**
 * Which adapter the tests run on. The environment variable SLUICE_TEST_ADAPTER names it, and a run in which the
 * promised one is absent fails before its first test.
 */
interface TestAdapter {
  /** What the processes of the run get as environment. */
  readonly environment: () => Record<string, string>;
  /** What the adapter's name must say. */
  readonly name: RegExp;
}

const ADAPTERS: Readonly<Record<string, TestAdapter>> = {
  swiftshader: { environment: () => ({ SLUICE_ADAPTER: "swiftshader" }), name: /swiftshader/i },
  lavapipe: {
    environment: () => ({ SLUICE_ADAPTER: "", VK_DRIVER_FILES: lavapipeManifest() }),
    name: /llvmpipe/i,
  },
  system: { environment: () => ({ SLUICE_ADAPTER: "" }), name: /./ },
};

/** The environment for tests on the adapter of this name. */
export function adapterEnvironment(name: string): Record<string, string> {
  const adapter = ADAPTERS[name];
  if (adapter === undefined) {
    const known = Object.keys(ADAPTERS).join(", ");
    throw new Error(`SLUICE_TEST_ADAPTER is "${name}"; expected one of ${known}.`);
  }
  return { SLUICE_TEST_ADAPTER: name, ...adapter.environment() };
}

function lavapipeManifest(): string {
  const folder = "/usr/share/vulkan/icd.d";
  const files = [`${folder}/lvp_icd.json`, `${folder}/lvp_icd.x86_64.json`];
  const found = files.find((file) => existsSync(file));
  if (found === undefined) {
    throw new Error(
      `SLUICE_TEST_ADAPTER is "lavapipe", but ${folder} has no lvp_icd.json; ` +
        "install mesa-vulkan-drivers (Mesa 23 or newer).",
    );
  }
  return found;
}

/** A device of its own on the promised adapter, for tests that lose or destroy it. */
export async function newTestDevice(): Promise<GpuDevice> {
  const promised = process.env.SLUICE_TEST_ADAPTER ?? "swiftshader";
  const gpu = await acquireDevice(platform);
  if (ADAPTERS[promised]?.name.test(gpu.adapterName) === true) return gpu;
  gpu.destroy();
  throw new Error(`SLUICE_TEST_ADAPTER is "${promised}", but the adapter is ${gpu.adapterName}.`);
}

/** The device that the test files of one process share; nobody destroys it. */
export function testDevice(): Promise<GpuDevice> {
  shared ??= newTestDevice();
  return shared;
}

let shared: Promise<GpuDevice> | undefined;
