import { afterEach, describe, expect, test, vi } from "vitest";
import { UnsupportedError } from "../../src/errors.ts";
import { platform } from "../../src/gpu/browser-platform.ts";

describe("browser platform", () => {
  afterEach(() => vi.unstubAllGlobals());

  test("gives navigator.gpu", async () => {
    const gpu = {} as GPU;
    vi.stubGlobal("navigator", { gpu });
    expect(await platform.gpu()).toBe(gpu);
  });

  test("names the browsers that would do", async () => {
    vi.stubGlobal("navigator", {});
    await expect(platform.gpu()).rejects.toThrow(UnsupportedError);
    await expect(platform.gpu()).rejects.toThrow("expected a browser with WebGPU (Chrome or Edge");
  });

  test("says that the page is not secure, which hides WebGPU", async () => {
    vi.stubGlobal("navigator", {});
    vi.stubGlobal("isSecureContext", false);
    await expect(platform.gpu()).rejects.toThrow("serve it over https or from localhost");
  });
});
