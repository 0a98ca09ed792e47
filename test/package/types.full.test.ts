import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const tsc = fileURLToPath(import.meta.resolve("typescript/bin/tsc"));
const folder = mkdtempSync(join(tmpdir(), "sluice-types-"));
const packageFolder = join(folder, "node_modules/sluice");

/** Runs tsc; what it says, "" when all is well. */
function compile(...options: string[]): string {
  try {
    execFileSync(process.execPath, [tsc, ...options], { cwd: folder, encoding: "utf8" });
    return "";
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

beforeAll(() => {
  mkdirSync(packageFolder, { recursive: true });
  cpSync(join(root, "package.json"), join(packageFolder, "package.json"));
  const emit = ["--noEmit", "false", "--declaration", "--emitDeclarationOnly", "--rootDir"];
  const said = compile(
    ...["-p", join(root, "tsconfig.library.json"), ...emit, join(root, "src")],
    ...["--outDir", join(packageFolder, "dist/types")],
  );
  expect(said).toBe("");
  cpSync(join(root, "test/package/consumer.ts"), join(folder, "consumer.ts"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a consumer compiles against the declarations, which are checked, too", () => {
  test.for([
    ["nodenext", "nodenext"],
    ["bundler", "esnext"],
  ])("with module resolution %s", ([resolution = "", module = ""]) => {
    const compilerOptions = {
      ...{ module, moduleResolution: resolution, target: "es2022", types: [] },
      ...{ lib: ["es2023", "dom", "esnext.disposable"], strict: true, noEmit: true },
      skipLibCheck: false,
    };
    const config = { compilerOptions, files: ["consumer.ts"] };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    const said = compile("-p", folder);
    expect(said).toBe("");
  });
});
