import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeSafetensors, toHostTensor } from "../../src/formats/index.ts";
import { openTestPage, type TestPage } from "../helpers/browser.ts";

describe("stores of a browser", () => {
  let page: TestPage;
  beforeAll(async () => {
    page = await openTestPage();
  });
  afterAll(() => page?.close());
  const call = (name: string, ...parameters: unknown[]): Promise<unknown> =>
    page.call("test/browser/stores.page.ts", name, ...parameters);

  test("the page is a secure context, as the browser's own files need it", async () => {
    expect(await call("isSecure")).toBe(true);
  });

  const life = { before: false, there: true, read: 2, after: false };
  test.each(["indexeddb://a", "indexeddb://__proto__", "opfs://a", "opfs://deep/er/a b ü"])(
    "%s is written, replaced, read and removed, in the page and in a worker",
    async (url) => {
      expect(await call("lifeOf", url)).toEqual(life);
      const download = expect.stringMatching(/^UnsupportedError: .*needs a page: workers/);
      expect(await call("inWorker", url)).toEqual({ life, download });
    },
  );

  test("models are listed with size and date, and other files are not", async () => {
    await call("writeNotes");
    await call("write", "indexeddb://x", 1);
    await call("write", "opfs://deep/y", 2);
    // Length 8, header 56, four float32.
    const info = { bytes: 8 + 56 + 16, isFresh: true };
    expect(await call("list")).toEqual({ "indexeddb://x": info, "opfs://deep/y": info });

    await call("copyModel", "indexeddb://x", "opfs://z");
    await call("moveModel", "opfs://deep/y", "indexeddb://y");
    expect(Object.keys((await call("list")) as object).sort()).toEqual([
      "indexeddb://x",
      "indexeddb://y",
      "opfs://z",
    ]);
    expect(await call("read", "opfs://z")).toBe(1);
    expect(await call("read", "indexeddb://y")).toBe(2);
    for (const url of ["indexeddb://x", "indexeddb://y", "opfs://z"])
      await call("removeModel", url);
    expect(await call("list")).toEqual({});
  });

  test("a download is offered under its name, with the whole content", async () => {
    const [download] = await Promise.all([
      page.page.waitForEvent("download"),
      call("write", "downloads://forecast", 7),
    ]);
    expect(download.suggestedFilename()).toBe("forecast.safetensors");
    const file = readFileSync(await download.path());
    const stored = decodeSafetensors(file).tensors.get("w");
    expect(stored && toHostTensor(stored).data).toEqual(Float32Array.of(7, 8, 9, 10));
  });

  test("failures are typed and say what to do", async () => {
    const failures: readonly (readonly [action: string, url: string, message: RegExp])[] = [
      [
        "read",
        "indexeddb://none",
        /^StoreError: Cannot read indexeddb:\/\/none: there is no such model/,
      ],
      [
        "read",
        "opfs://none",
        /^StoreError: Cannot read opfs:\/\/none: NotFoundError.*io\.listModels/,
      ],
      ["read", "opfs://no/such/folder", /^StoreError: .*NotFoundError/],
      [
        "write",
        "opfs://a/../b",
        /^StoreError: Cannot write opfs:\/\/a\/\.\.\/b: TypeError.*name is not allowed/,
      ],
      ["write", "opfs://a/", /^StoreError: .*name is not allowed/],
      [
        "read",
        "downloads://m",
        /^StoreError: Cannot read downloads:\/\/m\.safetensors: it only takes/,
      ],
      [
        "open",
        "file:///tmp/a",
        /^UnsupportedError: .*file:\/\/ needs Node; this is browser.*a relative URL.*indexeddb:\/\/, opfs:\/\/, downloads/,
      ],
      ["open", "localstorage://a", /^ArgumentError: .*no localstorage/],
      ["write", "a.safetensors", /^StoreError: Cannot write a\.safetensors: it only gives/],
      [
        "read",
        "/no-such-file",
        /^StoreError: Cannot fetch \/no-such-file: the server answered 404/,
      ],
    ];
    for (const [action, url, message] of failures) {
      expect(await call("failureOf", action, url), url).toMatch(message);
    }
    // The browser reports the 404 by itself.
    expect(page.problems.filter((text) => !text.includes("404"))).toEqual([]);
  });

  // Chromium holds its own files to this quota, and not its database.
  test("a full disk leaves what was there", async () => {
    const url = "opfs://full";
    const session = await page.page.context().newCDPSession(page.page);
    const origin = new URL(page.page.url()).origin;
    await call("write", url, 1);
    await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 2_000_000 });
    const message = await call("failureOf", "write", url, 4_000_000);
    await session.send("Storage.overrideQuotaForOrigin", { origin });
    expect(message).toMatch(/^StoreError: Cannot write .*QuotaExceededError.*no space left/);
    expect(await call("read", url)).toBe(1);
    await call("removeModel", url);
  });

  test.each([
    ["throw", /^StoreError: Cannot write indexeddb:\/\/kept: QuotaExceededError.*no space left/],
    ["abort", /^StoreError: Cannot write indexeddb:\/\/kept: AbortError/],
  ])("a transaction that is broken off (%s) leaves what was there", async (how, message) => {
    await call("write", "indexeddb://kept", 1);
    expect(await call("failureOfBrokenWrite", "indexeddb://kept", how)).toMatch(message);
    expect(await call("read", "indexeddb://kept")).toBe(1);
    await call("removeModel", "indexeddb://kept");
  });

  test.each(["indexeddb://closed", "opfs://closed"])(
    "a page that is closed amid saving %s leaves a whole file",
    async (url) => {
      const beforeMs = performance.now();
      await call("write", url, 10, 500_000);
      const saveMs = performance.now() - beforeMs;
      const found = new Set<unknown>();
      // From amid the first save to amid the third or so, however slow this machine is.
      for (let i = 0; i < 12; i++) {
        const other = await page.page.context().newPage();
        await other.goto(page.page.url());
        const saving = other.evaluate(
          `import("/test/browser/stores.page.ts").then((m) => { m.saveForever("${url}"); })`,
        );
        await saving;
        await sleep((saveMs / 4) * (1 + i));
        await other.close();
        found.add(await call("read", url));
      }
      expect([...found].every((first) => first === 10 || first === 20)).toBe(true);
      expect(found.size).toBe(2);
    },
  );
});
