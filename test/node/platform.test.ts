import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { platform } from "../../src/node/platform.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const NO_DRIVER = { VK_DRIVER_FILES: "/nonexistent.json", VK_ICD_FILENAMES: "/nonexistent.json" };

describe("node platform", () => {
  let folder = "";
  const bundle = (name: string) => join(root, "dist/run/test/node", `${name}.mjs`);

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "sluice-test-"));
    await build({
      entryPoints: ["first-readback", "worker"].map((name) => ({
        in: join(root, `test/node/programs/${name}.ts`),
        out: name,
      })),
      outdir: join(root, "dist/run/test/node"),
      outExtension: { ".js": ".mjs" },
      bundle: true,
      platform: "node",
      format: "esm",
      packages: "external",
    });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("computes on SwiftShader when told to, silently, and the process ends", async () => {
    const { code, stdout, stderr } = await run(bundle("first-readback"), {
      env: { SLUICE_ADAPTER: "swiftshader" },
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const { adapterName, result } = JSON.parse(stdout);
    expect(adapterName).toMatch(/swiftshader/i);
    expect(result).toBe(42);
  });

  test("falls back to SwiftShader where no driver works, and says so once", async () => {
    const { code, stdout, stderr } = await run(bundle("first-readback"), { env: NO_DRIVER });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      adapterName: expect.stringMatching(/swiftshader/i),
      result: 42,
    });
    expect(stderr.split("\n").filter((line) => line.startsWith("sluice:"))).toEqual([
      "sluice: no Vulkan driver works here; computing on the CPU with SwiftShader (slow).",
    ]);
  });

  test("serves a worker thread after the main thread", async () => {
    const { code, stdout } = await run(bundle("worker"), { env: NO_DRIVER });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^main: .*swiftshader.*\nworker: .*swiftshader.*\n$/i);
  });

  test("without the package webgpu names the command that installs it", async () => {
    const program = place(join(folder, "without-webgpu"), []);
    const { code, stderr } = await run(program, {});
    expect(code).toBe(1);
    expect(stderr).toContain("UnsupportedError: WebGPU in Node comes from the package webgpu");
    expect(stderr).toContain("npm install webgpu");
  });

  test("without any driver names what to install", async () => {
    const program = place(join(folder, "without-driver"), ["webgpu"]);
    const { code, stderr } = await run(program, { env: NO_DRIVER });
    expect(code).toBe(1);
    expect(stderr).toContain("UnsupportedError: WebGPU (node) offers no adapter.");
    expect(stderr).toMatch(/mesa-vulkan-drivers.*npm install --save-dev @sparticuz\/chromium/);
  });

  test("refuses when SwiftShader is demanded and absent", async () => {
    const program = place(join(folder, "without-swiftshader"), ["webgpu"]);
    const { code, stderr } = await run(program, { env: { SLUICE_ADAPTER: "swiftshader" } });
    expect(code).toBe(1);
    expect(stderr).toContain('SLUICE_ADAPTER is "swiftshader", but SwiftShader cannot be loaded');
  });

  test("uses the entry point of a runtime that has one", async () => {
    const gpu = {} as GPU;
    vi.stubGlobal("navigator", { gpu });
    expect(await platform.gpu()).toBe(gpu);
    vi.unstubAllGlobals();
  });

  /** A program of its own folder, whose only installed packages are these. */
  function place(home: string, packages: readonly string[]): string {
    mkdirSync(join(home, "node_modules"), { recursive: true });
    for (const name of packages) {
      symlinkSync(join(root, "node_modules", name), join(home, "node_modules", name));
    }
    const program = join(home, "program.mjs");
    copyFileSync(bundle("first-readback"), program);
    return program;
  }
});

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program in its own folder, with an environment that chooses no driver but what `env` says. */
function run(program: string, { env = {} }: { env?: Record<string, string> }): Promise<Outcome> {
  const { SLUICE_ADAPTER, VK_DRIVER_FILES, VK_ICD_FILENAMES, NODE_OPTIONS, ...inherited } =
    process.env;
  const options = { cwd: join(program, ".."), env: { ...inherited, ...env }, timeout: 30_000 };
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program], options);
    const output = { stdout: "", stderr: "" };
    child.stdout.on("data", (chunk) => {
      output.stdout += chunk;
    });
    child.stderr.on("data", (chunk) => {
      output.stderr += chunk;
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, ...output }));
  });
}
