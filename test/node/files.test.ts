import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { StoreError } from "../../src/errors.ts";
import { files } from "../../src/node/files.ts";

const NOBODY = 65534;
const isRoot = process.getuid?.() === 0;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("files", () => {
  let folder = "";
  const at = (name: string): string => join(folder, name);
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "sluice-files-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test.runIf(process.platform === "linux")(
    "a folder that the system does not let anybody make is an error, not an endless try",
    async () => {
      const path = "/proc/no-such-folder/deeper/model.safetensors";
      await expect(files.replace(path, bytes("x"))).rejects.toThrow(StoreError);
      await expect(files.append(path, "x")).rejects.toThrow(StoreError);
    },
  );

  test("a file is written, read, replaced and removed", async () => {
    expect(await files.exists(at("a"))).toBe(false);
    await files.replace(at("a"), bytes("one"));
    await files.replace(at("a"), bytes("two"));
    expect(await files.read(at("a"))).toEqual(bytes("two"));
    expect(await files.exists(at("a"))).toBe(true);
    expect(readdirSync(folder)).toEqual(["a"]);
    await files.remove(at("a"));
    await files.remove(at("a"));
    expect(readdirSync(folder)).toEqual([]);
  });

  test("what is read is a plain array of its own", async () => {
    await files.replace(at("a"), bytes("one"));
    const content = await files.read(at("a"));
    expect(Object.getPrototypeOf(content)).toBe(Uint8Array.prototype);
    expect(content.byteOffset).toBe(0);
  });

  test("a file: URL names the same file as its path", async () => {
    const url = pathToFileURL(at("ü #1")).href;
    await files.replace(url, bytes("one"));
    expect(readFileSync(at("ü #1"), "utf8")).toBe("one");
    await files.append(url, " and two");
    expect(await files.read(url)).toEqual(bytes("one and two"));
    expect(await files.locate(url)).toBe(await files.locate(at("ü #1")));
  });

  test("permissions are kept", async () => {
    writeFileSync(at("a"), "one");
    chmodSync(at("a"), 0o640);
    await files.replace(at("a"), bytes("two"));
    expect(statSync(at("a")).mode & 0o777).toBe(0o640);
  });

  test("links are followed, also to a file that is not there yet", async () => {
    mkdirSync(at("real/deep"), { recursive: true });
    symlinkSync("real/deep", at("folder"));
    symlinkSync("folder/b", at("a"));
    await files.replace(at("a"), bytes("one"));
    await files.replace(at("a"), bytes("two"));
    expect(lstatSync(at("a")).isSymbolicLink()).toBe(true);
    expect(readFileSync(at("real/deep/b"), "utf8")).toBe("two");
    // ".." of a linked folder is the folder above the real one.
    await files.replace(`${at("folder")}/../c`, bytes("three"));
    expect(readFileSync(at("real/c"), "utf8")).toBe("three");
    expect(readdirSync(folder).sort()).toEqual(["a", "folder", "real"]);
    expect(await files.locate(at("a"))).toBe(await files.locate(at("real/deep/b")));
  });

  test("many writers of one file leave the content of one of them, and nothing else", async () => {
    const texts = Array.from({ length: 20 }, (_, i) => `${i}`.repeat(10_000));
    await Promise.all(texts.map((text) => files.replace(at("a"), bytes(text))));
    expect(texts).toContain(readFileSync(at("a"), "utf8"));
    expect(readdirSync(folder)).toEqual(["a"]);
  });

  describe("drafts that were left behind", () => {
    const machine = hostname()
      .replace(/[^A-Za-z0-9.-]/g, "_")
      .slice(0, 64);
    const dead = (): number => spawnSync(process.execPath, ["-e", ""]).pid;
    const draft = (owner: string, pid: number, ageMs = 0): string => {
      const name = `.sluice-${owner}-${pid}-1-0.tmp`;
      writeFileSync(at(name), "half");
      const changed = (Date.now() - ageMs) / 1000;
      utimesSync(at(name), changed, changed);
      return name;
    };
    const DAY_MS = 86_400_000;

    test("go with the next write when their process is dead", async () => {
      draft(machine, dead());
      draft(machine, process.pid, process.uptime() * 1000 + 60_000);
      draft("another-machine", 1, DAY_MS + 60_000);
      await files.replace(at("a"), bytes("one"));
      expect(readdirSync(folder)).toEqual(["a"]);
    });

    test("stay when somebody may still write them", async () => {
      const kept = [
        draft(machine, process.ppid),
        draft(machine, process.pid),
        draft("another-machine", 1, DAY_MS - 60_000),
      ];
      writeFileSync(at(".sluice-notes.tmp"), "not a draft");
      await files.replace(at("a"), bytes("one"));
      expect(readdirSync(folder).sort()).toEqual([...kept, ".sluice-notes.tmp", "a"].sort());
    });
  });

  test("folders that are missing are made, by replace and by append", async () => {
    await files.replace(at("c/d/a"), bytes("one"));
    expect(await files.read(at("c/d/a"))).toEqual(bytes("one"));
    await files.append(at("e/log"), "1\n");
    await files.append(at("e/log"), "2\n");
    expect(await files.read(at("e/log"))).toEqual(bytes("1\n2\n"));
  });

  describe("failures are StoreErrors with path and way out:", () => {
    const failure = (work: Promise<unknown>): Promise<StoreError> =>
      work.then(
        () => Promise.reject(new Error("It did not fail.")),
        (error) => error,
      );

    test("no such file", async () => {
      const error = await failure(files.read(at("a")));
      expect(error).toBeInstanceOf(StoreError);
      expect(error.message).toMatch(/^Cannot read \/.*a: ENOENT.*There is no such file or folder/);
      expect(error.details).toMatchObject({ path: at("a"), code: "ENOENT" });
      expect(error.cause).toMatchObject({ code: "ENOENT" });
    });

    test("a folder in place of a file, and a file in place of a folder", async () => {
      mkdirSync(at("b"));
      const error = await failure(files.replace(at("b"), bytes("one")));
      expect(error.message).toMatch(
        /^Cannot write .*b: is a folder\. .*Expected the path of a file/,
      );
      writeFileSync(at("a"), "one");
      expect((await failure(files.read(at("a/c")))).details.code).toBe("ENOTDIR");
      expect(await files.exists(at("a/c"))).toBe(false);
      expect(readdirSync(folder).sort()).toEqual(["a", "b"]);
    });

    test("links in a circle", async () => {
      symlinkSync("b", at("a"));
      symlinkSync("a", at("b"));
      const error = await failure(files.replace(at("a"), bytes("one")));
      expect(error.message).toMatch(/ELOOP.*lead in a circle/);
    });

    // A device of the system stands for anything that is no plain file: it must not be replaced by one.
    test.skipIf(!existsSync("/dev/full"))("a full disk, and a device as target", async () => {
      symlinkSync("/dev/full", at("full"));
      const full = await failure(files.append(at("full"), "text"));
      expect(full.message).toMatch(/ENOSPC.*no space left/);
      const device = await failure(files.replace(at("full"), bytes("one")));
      expect(device.message).toMatch(/is no plain file/);
      expect(statSync("/dev/full").isCharacterDevice()).toBe(true);
    });

    test("no right to the file or the folder", async () => {
      writeFileSync(at("a"), "one");
      chmodSync(at("a"), 0o444);
      await asNobody(async () => {
        const file = await failure(files.replace(at("a"), bytes("two")));
        expect(file.message).toMatch(/EACCES.*The right is missing/);
        chmodSync(at("a"), 0o644);
        chmodSync(folder, 0o555);
        const inFolder = await failure(files.replace(at("a"), bytes("two")));
        expect(inFolder.message).toMatch(/EACCES.*needs a folder that may be written to/);
        chmodSync(folder, 0o755);
      });
      expect(readFileSync(at("a"), "utf8")).toBe("one");
      expect(readdirSync(folder)).toEqual(["a"]);
    });

    test.skipIf(!isRoot)("a rename that fails leaves the old file, and no draft", async () => {
      // In a sticky folder nobody may rename over a file of somebody else, though both may be written to.
      writeFileSync(at("a"), "one");
      chmodSync(at("a"), 0o666);
      chmodSync(folder, 0o1777);
      process.seteuid?.(NOBODY);
      const error = await failure(files.replace(at("a"), bytes("two"))).finally(() =>
        process.seteuid?.(0),
      );
      expect(error.message).toMatch(/EPERM.*The system forbids it/);
      expect(readFileSync(at("a"), "utf8")).toBe("one");
      expect(readdirSync(folder)).toEqual(["a"]);
    });
  });

  /** Runs work without the rights of an administrator, who may do everything; folder and file `a` then are nobody's. */
  async function asNobody(work: () => Promise<void>): Promise<void> {
    if (!isRoot) return work();
    chownSync(folder, NOBODY, NOBODY);
    chownSync(at("a"), NOBODY, NOBODY);
    process.seteuid?.(NOBODY);
    try {
      await work();
    } finally {
      process.seteuid?.(0);
    }
  }
});
