import { constants } from "node:os";
import type { DriverFiles } from "./swiftshader.ts";

/**
 * Dawn opens Vulkan in two steps: `dlopen("libvulkan.so.1")`, the loader, which then reads the driver to use
 * from the environment. Both can still be steered from inside a running process:
 *
 * - A library that is already loaded is found again by its name (soname), wherever its file lies. So loading our
 *   own `libvulkan.so.1` beforehand is as good as an `LD_LIBRARY_PATH` set before the process began.
 * - Assigning to `process.env` calls `setenv`, and the loader reads the environment when an instance is made.
 *   (Not in a worker thread, whose `process.env` is a copy: there the main thread has to come first.)
 */

/** `dlfcn.h` of glibc: keep the library loaded after `dlclose`. Node's constants lack it. */
const RTLD_NODELETE = 0x1000;

/** Whether `dlopen` finds a Vulkan loader, asked the way that Dawn is going to ask. */
export function hasVulkanLoader(): boolean {
  return tryLoad("libvulkan.so.1", constants.dlopen.RTLD_LAZY);
}

/** Makes the given driver the only one that Vulkan instances made from now on will see. */
export function useDriver(files: DriverFiles, options: { withLoader: boolean }): boolean {
  const { RTLD_NOW, RTLD_GLOBAL } = constants.dlopen;
  const flags = RTLD_NOW | RTLD_GLOBAL | RTLD_NODELETE;
  if (options.withLoader && !tryLoad(files.loader, flags)) return false;
  process.env.VK_DRIVER_FILES = files.manifest;
  process.env.VK_ICD_FILENAMES = files.manifest; // the same for loaders older than 1.3.207
  return true;
}

/**
 * `process.dlopen` is made for addons: for any other library it loads the file, finds no registration, closes
 * it again (a no-op under RTLD_NODELETE) and throws this message. Every other message means "not loaded".
 */
function tryLoad(library: string, flags: number): boolean {
  try {
    process.dlopen({ exports: {} }, library, flags);
    return true;
  } catch (error) {
    return error instanceof Error && error.message.includes("did not self-register");
  }
}
