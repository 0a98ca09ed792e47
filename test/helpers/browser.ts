import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { createServer } from "vite";
import { cacheFolder, findDriverPackage, unpackOnce } from "../../src/node/driver-package.ts";
import { wgslForVite } from "../../tools/wgsl-plugin.mjs";

/**
 * Starts the headless Chromium of `@sparticuz/chromium`, with WebGPU on SwiftShader or without WebGPU; no installed
 * browser is needed. The package also carries the system libraries that bare machines lack.
 */
export async function launchBrowser({ hasWebGpu = true } = {}): Promise<Browser> {
  const carrier = findDriverPackage();
  if (carrier === undefined) throw new Error("@sparticuz/chromium is not installed: npm ci");
  const home = cacheFolder("chromium", carrier);
  await unpackOnce(carrier, home, {
    archives: ["al2023.tar.br", "fonts.tar.br", "swiftshader.tar.br", "chromium.br"],
    wanted: ["chromium", "libvk_swiftshader.so", "lib/libnss3.so"],
  });
  return chromium.launch({
    executablePath: join(home, "chromium"),
    headless: true,
    args: ["--no-sandbox", ...(hasWebGpu ? WEB_GPU : [])],
    env: { ...process.env, LD_LIBRARY_PATH: join(home, "lib") },
  });
}

const WEB_GPU = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];

/** A blank page of a browser, on which modules of this repository can be called. */
export interface TestPage {
  readonly page: Page;
  /** Errors that nobody caught, and what the console said as warning or error. */
  readonly problems: readonly string[];
  /**
   * Calls an exported function in the page; arguments and result travel as JSON.
   * @param module path from the root of the repository, e.g. `"test/browser/gpu.page.ts"`
   */
  call(module: string, name: string, ...parameters: unknown[]): Promise<unknown>;
  close(): Promise<void>;
}

/** Starts browser and server and opens a page. */
export async function openTestPage(): Promise<TestPage> {
  const [browser, server] = await Promise.all([launchBrowser(), serveSources()]);
  // A context of its own: further pages of it share this page's storage.
  const page = await (await browser.newContext()).newPage();
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) problems.push(message.text());
  });
  await page.goto(`${server.url}/test/browser/blank.html`);
  return {
    page,
    problems,
    // As text: a function would reach the page with the test runner's own form of import().
    call: (module, name, ...parameters) =>
      page.evaluate(
        `import("/${module}").then((m) => m.${name}(...${JSON.stringify(parameters)}))`,
      ),
    close: async () => {
      await browser.close();
      await server.close();
    },
  };
}

/** Serves the sources to pages, TypeScript and shaders included; `url` ends without a slash. */
async function serveSources(): Promise<{ url: string; close(): Promise<void> }> {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const server = await createServer({
    configFile: false,
    root,
    logLevel: "error",
    plugins: [wgslForVite()],
    resolve: { alias: { sluice: join(root, "src/index.ts") } },
    optimizeDeps: { noDiscovery: true },
    server: { host: "127.0.0.1", port: 0, watch: null },
  });
  await server.listen();
  const address = server.httpServer?.address();
  if (typeof address !== "object" || address === null) throw new Error("The server has no port.");
  return { url: `http://127.0.0.1:${address.port}`, close: () => server.close() };
}
