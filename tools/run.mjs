/**
 * Runs a TypeScript program of this repository on any supported Node: bundles it with esbuild, then imports it.
 *
 *     node tools/run.mjs examples/births/main.ts [arguments...]
 */
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { wgslForEsbuild } from "./wgsl-plugin.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const [entry, ...programArguments] = process.argv.slice(2);
if (entry === undefined) {
  console.error("usage: node tools/run.mjs <file.ts> [arguments...]");
  process.exit(2);
}
const outfile = join(root, "dist/run", relative(root, entry).replace(/\.[mc]?[jt]s$/, ".mjs"));
await build({
  entryPoints: [entry],
  outfile,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  sourcemap: "linked",
  packages: "external",
  alias: { sluice: join(root, "src/index.ts") },
  plugins: [wgslForEsbuild()],
  logLevel: "warning",
});
process.argv = [process.argv[0], outfile, ...programArguments];
await import(pathToFileURL(outfile).href);
