import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** From the ground up; a folder imports from its own floor and from those below, never from above. */
const FLOORS: readonly (readonly string[])[] = [
  ["errors.ts", "wgsl.d.ts"],
  ["graph", "names"],
  ["gpu"],
  ["kernels"],
  ["ops"],
  ["autograd"],
  ["compiler"],
  ["runtime"],
  ["tensor"],
  ["constraints", "initializers", "layers", "losses", "metrics", "optimizers", "regularizers"],
  ["data", "formats", "train"],
  ["inspect"],
  ["index.ts"],
];

/** Folders with fewer freedoms than their floor gives; files or folders that they may import from. */
const ONLY: Readonly<Record<string, readonly string[]>> = {
  autograd: ["errors.ts", "graph", "ops/ops.ts", "ops/op.ts"],
  gpu: ["errors.ts"],
  node: ["errors.ts", "gpu/platform.ts"],
};

/** Floors that plan work and must do so without a device. */
const WITHOUT_DEVICE = ["graph", "kernels", "ops", "autograd", "compiler"];

const MAX_LINES = 400;

describe("architecture", () => {
  const sources = filesUnder("src", /\.ts$/);
  const imports = new Map(sources.map((file) => [file, importsOf(file)]));

  test("every file under src stands on a floor", () => {
    expect(sources.filter((file) => top(file) !== "node" && floorOf(file) < 0)).toEqual([]);
  });

  test("imports point down", () => {
    expect(findUpwardImports(imports)).toEqual([]);
  });

  test("an upward import would be found", () => {
    const upward = new Map([["ops/add.ts", ["tensor/tensor.ts", "graph/node.ts"]]]);
    expect(findUpwardImports(upward)).toEqual(["ops/add.ts -> tensor/tensor.ts"]);
  });

  test("imports make no circle", () => {
    expect(findCircle(imports)).toEqual([]);
  });

  test("a circle would be found", () => {
    const circle = new Map([
      ["a.ts", ["b.ts"]],
      ["b.ts", ["c.ts"]],
      ["c.ts", ["b.ts"]],
    ]);
    expect(findCircle(circle)).toEqual(["b.ts", "c.ts", "b.ts"]);
  });

  test("floors that plan never name a device", () => {
    const named = sources.filter(
      (file) =>
        WITHOUT_DEVICE.includes(top(file)) && /\bGPU[A-Z]\w+/.test(withoutComments("src", file)),
    );
    expect(named).toEqual([]);
  });

  test("only src/node names Node", () => {
    const named = sources.filter(
      (file) =>
        top(file) !== "node" && /from "node:|\bprocess\./.test(withoutComments("src", file)),
    );
    expect(named).toEqual([]);
  });

  test("demos and examples import the library by its public name", () => {
    const reachingIn = ["demos", "examples"].flatMap((folder) =>
      filesUnder(folder, /\.ts$/).filter((file) => /["'][./]+src\//.test(read(folder, file))),
    );
    expect(reachingIn).toEqual([]);
  });

  test("nothing has a default export", () => {
    const exported = sources.filter(
      (file) => file !== "wgsl.d.ts" && /^export default\b/m.test(read("src", file)),
    );
    expect(exported).toEqual([]);
  });

  test(`no file is longer than ${MAX_LINES} lines`, () => {
    const long = ["src", "shaders", "test", "demos", "tools"].flatMap((folder) =>
      filesUnder(folder, /\.(ts|mjs|wgsl)$/)
        .map((file) => ({ file: `${folder}/${file}`, lines: countLines(read(folder, file)) }))
        .filter(({ lines }) => lines > MAX_LINES),
    );
    expect(long).toEqual([]);
  });

  test("every shader begins with a header that says what it computes", () => {
    const bare = filesUnder("shaders", /\.wgsl$/).filter(
      (file) => !hasHeader(read("shaders", file)),
    );
    expect(bare).toEqual([]);
  });
});

/** Two lines of comment at the top, the first of which is no import. */
function hasHeader(text: string): boolean {
  const [first = "", second = ""] = text.split("\n");
  return /^\/\/ ?(?!#import).{10,}/.test(first) && second.startsWith("//");
}

function findUpwardImports(imports: ReadonlyMap<string, readonly string[]>): string[] {
  return [...imports].flatMap(([file, targets]) =>
    targets.filter((target) => !mayImport(file, target)).map((target) => `${file} -> ${target}`),
  );
}

function mayImport(file: string, target: string): boolean {
  if (top(file) === top(target)) return true;
  const allowed = ONLY[top(file)];
  if (allowed !== undefined) return allowed.includes(top(target)) || allowed.includes(target);
  return floorOf(target) >= 0 && floorOf(target) <= floorOf(file);
}

/** The first circle met, as the chain of its files; empty when there is none. */
function findCircle(imports: ReadonlyMap<string, readonly string[]>): string[] {
  const finished = new Set<string>();
  const visit = (file: string, chain: readonly string[]): string[] => {
    if (chain.includes(file)) return [...chain.slice(chain.indexOf(file)), file];
    if (finished.has(file)) return [];
    for (const target of imports.get(file) ?? []) {
      const circle = visit(target, [...chain, file]);
      if (circle.length > 0) return circle;
    }
    finished.add(file);
    return [];
  };
  for (const file of imports.keys()) {
    const circle = visit(file, []);
    if (circle.length > 0) return circle;
  }
  return [];
}

function floorOf(file: string): number {
  return FLOORS.findIndex((floor) => floor.includes(top(file)));
}

/** The folder under src, or the file itself when it lies directly there. */
function top(file: string): string {
  return file.split("/", 1)[0] ?? file;
}

/** The files under src that a file imports, as types or as values; shaders and packages are left out. */
function importsOf(file: string): string[] {
  const { importedFiles } = ts.preProcessFile(read("src", file), true, true);
  return importedFiles.flatMap(({ fileName }) => {
    if (fileName === "#platform") return ["gpu/browser-platform.ts"];
    if (!fileName.startsWith(".") || fileName.endsWith(".wgsl")) return [];
    return [relative(join(root, "src"), resolve(root, "src", dirname(file), fileName))];
  });
}

function filesUnder(folder: string, pattern: RegExp): string[] {
  try {
    return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .map((file) => file.replaceAll("\\", "/"))
      .filter((file) => pattern.test(file))
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function read(folder: string, file: string): string {
  return readFileSync(join(root, folder, file), "utf8");
}

function withoutComments(folder: string, file: string): string {
  return read(folder, file).replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
}

function countLines(text: string): number {
  return text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
}
