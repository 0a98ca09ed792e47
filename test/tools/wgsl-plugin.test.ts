import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { resolveShader } from "../../tools/wgsl-plugin.mjs";

describe("shader imports", () => {
  let folder = "";
  const write = (name: string, text: string) => {
    fs.writeFileSync(join(folder, `${name}.wgsl`), text);
    return join(folder, `${name}.wgsl`);
  };
  const resolve = (text: string) => resolveShader(write("shader", text), folder);

  beforeAll(() => {
    folder = fs.mkdtempSync(join(tmpdir(), "sluice-test-"));
    write("a", "// A\nfn a() {}");
    write("b", "// #import a\nfn b() {}");
    write("loop", "// #import pool");
    write("pool", "// #import loop");
  });
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

  test("are replaced by the library's text", () => {
    expect(resolve("x\n// #import a\ny").text).toBe("x\n// A\nfn a() {}\ny");
  });

  test("are pasted once, also when libraries import them", () => {
    const { text, files } = resolve("// #import b\n// #import a\nfn main() {}");
    expect(text).toBe("// A\nfn a() {}\nfn b() {}\n\nfn main() {}");
    expect(files.map((file) => file.slice(folder.length + 1))).toEqual([
      "shader.wgsl",
      "b.wgsl",
      "a.wgsl",
    ]);
  });

  test("leave other comments alone", () => {
    expect(resolve("// see #import a\n//#imported").text).toBe("// see #import a\n//#imported");
  });

  test("of unknown names are errors", () => {
    expect(() => resolve("// #import missing")).toThrow(
      `${join(folder, "shader.wgsl")}: "#import missing" names no file; expected ${folder}/missing`,
    );
    expect(() => resolve("// #import ../a")).toThrow("names no file");
    expect(() => resolve("// #import a b")).toThrow("names no file");
  });

  test("in a circle are errors", () => {
    expect(() => resolve("// #import loop")).toThrow('pool.wgsl: "#import loop" closes a circle.');
  });
});
