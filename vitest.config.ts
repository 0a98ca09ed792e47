import { fileURLToPath } from "node:url";
import { defineConfig, type ViteUserConfig } from "vitest/config";
import { adapterEnvironment } from "./test/helpers/adapter.ts";
import { TotalsReporter } from "./test/helpers/totals-reporter.ts";
import { wgslForVite } from "./tools/wgsl-plugin.mjs";

/**
 * Three tiers, told apart by file name and by `--mode`; CONTRIBUTING.md describes them.
 * Default mode: `*.test.ts` on SwiftShader. `--mode full`: those, `*.full.test.ts`, soak and browser tests, on
 * lavapipe. `--mode cpu`: no adapter is looked for.
 */
export default defineConfig(({ mode }) => {
  if (mode !== "cpu") Object.assign(process.env, adapterEnvironment(adapterFor(mode)));
  return configFor(mode);
});

const configFor = (mode: string): ViteUserConfig => ({
  plugins: [wgslForVite()],
  resolve: { alias: { sluice: fileURLToPath(new URL("src/index.ts", import.meta.url)) } },
  test: {
    include: ["test/**/*.test.ts"],
    exclude: mode === "full" ? [] : ["test/**/*.full.test.ts", "test/soak/**", "test/browser/**"],
    allowOnly: false,
    globalSetup: mode === "cpu" ? [] : ["test/helpers/adapter-setup.ts"],
    reporters: ["default", new TotalsReporter()],
    // One process a core, kept for many files: Dawn starts and pipelines compile once a process.
    pool: "forks",
    isolate: false,
    maxWorkers: 2,
    // A limit against hanging only: software adapters on a busy machine are slow, and no test is about speed.
    testTimeout: mode === "full" ? 600_000 : 240_000,
    hookTimeout: 60_000,
  },
});

function adapterFor(mode: string): string {
  return process.env.SLUICE_TEST_ADAPTER ?? (mode === "full" ? "lavapipe" : "swiftshader");
}
