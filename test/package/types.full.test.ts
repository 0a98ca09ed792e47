import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const compilers = {
  "5.9": fileURLToPath(import.meta.resolve("typescript-5.9/bin/tsc")),
  "6": fileURLToPath(import.meta.resolve("typescript/bin/tsc")),
} as const;
const folder = mkdtempSync(join(tmpdir(), "sluice-types-"));
const packageFolder = join(folder, "node_modules/sluice");

type Version = keyof typeof compilers;

/** Runs a compiler; the lines that say what is wrong. */
function compile(version: Version, ...options: string[]): string[] {
  try {
    execFileSync(process.execPath, [compilers[version], ...options], {
      cwd: folder,
      encoding: "utf8",
    });
    return [];
  } catch (error) {
    const { stdout } = error as { stdout: string };
    return stdout.split("\n").filter((line) => /^\S/.test(line));
  }
}

/** Compiles these files as a consumer does. */
function consume(version: Version, files: readonly string[], own: object): string[] {
  const compilerOptions = {
    ...{ module: "nodenext", target: "es2022", lib: ["es2022", "dom"], types: [] },
    ...{ strict: true, noEmit: true, skipLibCheck: false },
    ...own,
  };
  const config = join(folder, "tsconfig.json");
  writeFileSync(config, JSON.stringify({ compilerOptions, files }));
  return compile(version, "-p", config);
}

beforeAll(() => {
  mkdirSync(packageFolder, { recursive: true });
  cpSync(join(root, "package.json"), join(packageFolder, "package.json"));
  const emit = ["--noEmit", "false", "--declaration", "--emitDeclarationOnly", "--rootDir"];
  const said = compile(
    "6",
    ...["-p", join(root, "tsconfig.library.json"), ...emit, join(root, "src")],
    ...["--outDir", join(packageFolder, "dist/types")],
  );
  expect(said).toEqual([]);
  for (const file of [PLAIN, WEBGPU]) cpSync(join(root, "test/package", file), join(folder, file));
  for (const scope of ["@types", "@webgpu"]) {
    symlinkSync(join(root, "node_modules", scope), join(folder, "node_modules", scope));
  }
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PLAIN = "consumer.ts";
const WEBGPU = "consumer-webgpu.ts";

describe.each(["5.9", "6"] as const)(
  "a consumer compiles with TypeScript %s, declarations checked",
  (version) => {
    test.each<[string, object]>([
      ["for pages", {}],
      ["for pages, the oldest library", { lib: ["es2020", "dom"] }],
      ["for workers", { lib: ["es2022", "webworker"] }],
      ["for Node", { lib: ["es2022"], types: ["node"] }],
      [
        "by a bundler, with the strictest options",
        {
          ...{ module: "esnext", moduleResolution: "bundler" },
          ...{ exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true },
        },
      ],
    ])("%s", (_, own) => {
      expect(consume(version, [PLAIN], own)).toEqual([]);
    });
  },
);

describe("a consumer whose types know WebGPU compiles", () => {
  test("with TypeScript 6, whose DOM library has them", () => {
    expect(consume("6", [PLAIN, WEBGPU], {})).toEqual([]);
  });

  test("with TypeScript 5.9 and @webgpu/types", () => {
    expect(consume("5.9", [PLAIN, WEBGPU], { types: ["@webgpu/types"] })).toEqual([]);
  });

  test("with TypeScript 6 and @webgpu/types, which contradict each other: nothing is wrong but that", () => {
    const types = ["@webgpu/types"];
    const said = consume("6", [PLAIN, WEBGPU], { types });
    expect(said.filter((line) => !/@webgpu\/types\/|\/lib\.dom\.d\.ts/.test(line))).toEqual([]);
    expect(consume("6", [PLAIN, WEBGPU], { types, skipLibCheck: true })).toEqual([]);
  });

  test("and the wrong names in the consumer would be found", () => {
    writeFileSync(join(folder, "wrong.ts"), 'import { tensr } from "sluice"; tensr([1]);\n');
    expect(consume("6", ["wrong.ts"], {})).toEqual([expect.stringContaining("TS2724")]);
  });
});
