import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findSwiftShader } from "../../src/node/swiftshader.ts";

describe("findSwiftShader", () => {
  let parent = "";
  beforeAll(() => {
    parent = fs.mkdtempSync(join(tmpdir(), "sluice-test-"));
  });
  afterAll(() => fs.rmSync(parent, { recursive: true, force: true }));

  test("unpacks a loader, and a driver that its manifest names", async () => {
    const files = await findSwiftShader(join(parent, "fresh"));
    if (files === undefined) throw new Error("@sparticuz/chromium is not installed");
    expect(fs.readFileSync(files.loader).subarray(0, 4).toString("latin1")).toBe("\x7fELF");
    const { ICD } = JSON.parse(fs.readFileSync(files.manifest, "utf8"));
    expect(fs.existsSync(join(dirname(files.manifest), ICD.library_path))).toBe(true);
    expect(fs.readdirSync(parent)).toEqual(["fresh"]); // and leaves nothing else behind
  });

  test("leaves a complete folder alone", async () => {
    const folder = join(parent, "kept");
    await findSwiftShader(folder);
    const before = fs.statSync(folder);
    await findSwiftShader(folder);
    const after = fs.statSync(folder);
    expect([after.ino, after.mtimeMs]).toEqual([before.ino, before.mtimeMs]);
  });

  test("repairs a folder from which files are gone", async () => {
    const folder = join(parent, "damaged");
    const files = await findSwiftShader(folder);
    fs.rmSync(join(folder, "libvk_swiftshader.so"));
    expect(await findSwiftShader(folder)).toEqual(files);
    expect(fs.existsSync(join(folder, "libvk_swiftshader.so"))).toBe(true);
  });

  test("may be asked by many at once", async () => {
    const folder = join(parent, "shared");
    const found = await Promise.all([1, 2, 3].map(() => findSwiftShader(folder)));
    expect(new Set(found.map((files) => files?.loader)).size).toBe(1);
    expect(fs.readdirSync(parent).filter((name) => name.startsWith("shared"))).toEqual(["shared"]);
  });

  test("refuses a folder that others can write", async () => {
    const folder = join(parent, "open");
    fs.mkdirSync(folder);
    fs.chmodSync(folder, 0o777);
    await expect(findSwiftShader(folder)).rejects.toThrow(
      /cannot be trusted with a driver.*with mode 777\. Delete it and run again\.$/,
    );
  });
});
