import { join } from "node:path";
import { cacheFolder, findDriverPackage, unpackOnce } from "./driver-package.ts";

/** Where a Vulkan driver and a loader for it lie on this machine. */
export interface DriverFiles {
  /** A `libvulkan.so.1`. */
  readonly loader: string;
  /** The driver's JSON manifest, as `VK_DRIVER_FILES` takes it. */
  readonly manifest: string;
}

const LOADER = "libvulkan.so.1";
const MANIFEST = "vk_swiftshader_icd.json";

/**
 * Finds SwiftShader, a Vulkan driver that runs on the CPU, in an installed `@sparticuz/chromium`, and unpacks it
 * into a folder of the temporary directory, where later processes find it.
 *
 * @param folder where to unpack to; by default one per package version and user
 * @returns `undefined` where the package is not installed or this is not Linux on x64
 */
export async function findSwiftShader(folder?: string): Promise<DriverFiles | undefined> {
  if (process.platform !== "linux" || process.arch !== "x64") return undefined;
  const carrier = findDriverPackage();
  if (carrier === undefined) return undefined;
  const home = folder ?? cacheFolder("swiftshader", carrier);
  await unpackOnce(carrier, home, {
    archives: ["swiftshader.tar.br"],
    wanted: [LOADER, MANIFEST, "libvk_swiftshader.so"],
  });
  return { loader: join(home, LOADER), manifest: join(home, MANIFEST) };
}
