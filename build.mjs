/**
 * Builds the package and the demo pages.
 *
 *     node build.mjs          dist/index.js (Node), dist/browser.js, dist/types/, dist/demos/
 *     node build.mjs library  without the demos
 *     node build.mjs demos    the demos only
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { wgslForEsbuild, wgslForVite } from "./tools/wgsl-plugin.mjs";

const root = fileURLToPath(new URL(".", import.meta.url));
const what = process.argv[2] ?? "all";
if (!["all", "library", "demos"].includes(what)) {
  console.error(`build.mjs: unknown part "${what}"; expected library, demos, or nothing for all.`);
  process.exit(2);
}
if (what !== "demos") await buildLibrary();
if (what !== "library") await buildDemos();

async function buildLibrary() {
  for (const part of ["types", "index.js", "index.js.map", "browser.js", "browser.js.map"]) {
    rmSync(join(root, "dist", part), { recursive: true, force: true });
  }
  const shared = {
    absWorkingDir: root,
    entryPoints: ["src/index.ts"],
    bundle: true,
    format: "esm",
    sourcemap: "linked",
    // Dependencies of the package, which load when they are used.
    external: ["papaparse"],
    plugins: [wgslForEsbuild()],
    logLevel: "warning",
  };
  const node = {
    ...shared,
    platform: "node",
    target: "node20",
    external: [...shared.external, "webgpu"],
  };
  await Promise.all([
    build({ ...node, outfile: "dist/index.js" }),
    build({ ...shared, platform: "browser", target: "es2022", outfile: "dist/browser.js" }),
  ]);
  // What is bundled comes with its licence.
  const licence = join(root, "node_modules/@petamoriken/float16/LICENSE");
  copyFileSync(licence, join(root, "dist/LICENSE.float16.txt"));
  emitDeclarations();
}

function emitDeclarations() {
  const tsc = fileURLToPath(import.meta.resolve("typescript/bin/tsc"));
  const options = ["--noEmit", "false", "--declaration", "--emitDeclarationOnly"];
  const paths = ["--rootDir", "src", "--outDir", "dist/types"];
  execFileSync(process.execPath, [tsc, "-p", "tsconfig.library.json", ...options, ...paths], {
    cwd: root,
    stdio: "inherit",
  });
}

/** Every folder demos/<name>/ with an index.html becomes dist/demos/<name>/; demos/index.html is the front page. */
async function buildDemos() {
  const folder = join(root, "demos");
  if (!existsSync(folder)) return;
  const pages = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => /(^|[\\/])index\.html$/.test(file))
    .map((file) => join(folder, file));
  if (pages.length === 0) return;
  const { build: bundle } = await import("vite");
  await bundle({
    configFile: false,
    root: folder,
    base: "./",
    logLevel: "warn",
    plugins: [wgslForVite()],
    resolve: { alias: { sluice: join(root, "src/index.ts") } },
    worker: { format: "es", plugins: () => [wgslForVite()] },
    build: {
      outDir: join(root, "dist/demos"),
      emptyOutDir: true,
      target: "es2022",
      rolldownOptions: { input: pages },
    },
  });
}
