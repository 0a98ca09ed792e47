import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ArgumentError, StoreError, UnsupportedError } from "../../../src/errors.ts";
import { io, type ModelHandler, openStore, toBlob } from "../../../src/formats/index.ts";

const bytes = Uint8Array.of(1, 2, 3, 250);
let folder = "";
const at = (name: string): string => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-stores-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("openStore in Node", () => {
  test.each([
    ["a path", () => at("a.safetensors")],
    ["a path with a colon", () => at("v:1")],
    ["a file: URL as text", () => pathToFileURL(at("ü b")).href],
    ["a URL", () => pathToFileURL(at("c")) as URL],
  ])("%s is a file", async (_what, target) => {
    const store = openStore(target());
    expect(await store.exists?.()).toBe(false);
    await store.write(bytes);
    expect(await store.exists?.()).toBe(true);
    expect(await openStore(target()).read()).toEqual(bytes);
    await store.remove?.();
    expect(readdirSync(folder)).toEqual([]);
  });

  test.each([
    ["a Blob", toBlob(bytes), "the given Blob"],
    ["a File", new File([bytes], "my.safetensors"), "my.safetensors"],
    ["an ArrayBuffer", bytes.slice().buffer, "the given bytes"],
    ["bytes", bytes, "the given bytes"],
    ["a view amid others", Uint8Array.of(9, ...bytes, 9).subarray(1, 5), "the given bytes"],
  ])("%s is read, and not written", async (_what, target, name) => {
    const store = openStore(target);
    expect(store.name).toBe(name);
    expect(await store.read()).toEqual(bytes);
    await expect(store.write(bytes)).rejects.toThrow(StoreError);
    await expect(store.write(bytes)).rejects.toThrow(`Cannot write ${name}: it only gives.`);
  });

  test("a place of one's own is read and written through its functions", async () => {
    const kept: Uint8Array[] = [];
    const store = openStore({
      name: "mine",
      write: (given) => kept.push(given),
      read: () => toBlob(bytes),
    });
    await store.write(bytes);
    expect(kept).toEqual([bytes]);
    expect(await store.read()).toEqual(bytes);
    expect(store).toMatchObject({ name: "mine" });
    expect(store.exists).toBeUndefined();
    expect(store.remove).toBeUndefined();
  });

  test("it keeps its own this, and its failures come through unchanged", async () => {
    const failure = new RangeError("my own");
    class Shelf implements ModelHandler {
      content = bytes;
      read(): Uint8Array {
        return this.content;
      }
      write(): never {
        throw failure;
      }
      async exists(): Promise<boolean> {
        return this.content.length > 0;
      }
      async remove(): Promise<void> {
        this.content = new Uint8Array();
      }
    }
    const store = openStore(new Shelf());
    await expect(store.write(bytes)).rejects.toBe(failure);
    expect(await store.read()).toEqual(bytes);
    await store.remove?.();
    expect(await store.exists?.()).toBe(false);
  });

  test("without read or write it cannot be read or written", async () => {
    await expect(openStore({ write: () => 0 }).read()).rejects.toThrow(
      /it only takes\. Give it a function read/,
    );
    await expect(openStore({ read: () => bytes }).write(bytes)).rejects.toThrow(
      /it only gives\. Give it a function write/,
    );
    const odd = openStore({ read: () => "text" as unknown as Blob });
    await expect(odd.read()).rejects.toThrow(/read\(\) gave "text"\. Expected a file's content/);
  });

  test.each([
    [
      "localstorage://m",
      ArgumentError,
      /no localstorage:\/\/.*Expected a path, file:\/\/, http:\/\//,
    ],
    ["indexdb://m", ArgumentError, /Did you mean indexeddb:\/\/\?/],
    ["constructor://m", ArgumentError, /no constructor:\/\//],
    [
      "indexeddb://m",
      UnsupportedError,
      /indexeddb:\/\/ needs a browser's database; this is node\. Expected a path/,
    ],
    ["opfs://m", UnsupportedError, /needs a browser's file system/],
    ["downloads://m", UnsupportedError, /needs a page/],
    ["https://", ArgumentError, /Expected a name behind it/],
    ["", ArgumentError, /received ""\. Expected a path/],
    [5, ArgumentError, /received 5\. Expected a path/],
    [null, ArgumentError, /received null/],
    [
      { save: () => 0 },
      ArgumentError,
      /received \{ save \}.*an object with read\(\) and write\(bytes\)/,
    ],
  ])("%s is refused", (target, type, message) => {
    expect(() => openStore(target as string)).toThrow(type);
    expect(() => openStore(target as string)).toThrow(message);
  });
});

describe("a server", () => {
  let server: Server;
  let url = "";
  beforeAll(async () => {
    server = createServer((request, response) => {
      if (request.url === "/model") response.end(bytes);
      else if (request.url === "/broken") {
        response.writeHead(200, { "content-length": "100" });
        response.write(bytes, () => response.destroy());
      } else response.writeHead(404).end("<html>");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());

  test("gives a file, and takes none", async () => {
    expect(await openStore(`${url}/model`).read()).toEqual(bytes);
    expect(await openStore(new URL(`${url}/model`)).read()).toEqual(bytes);
    await expect(openStore(`${url}/model`).write(bytes)).rejects.toThrow(
      /it only gives\. Save without a target/,
    );
  });

  test("that answers with an error is quoted", async () => {
    const failure = openStore(`${url}/none`).read();
    await expect(failure).rejects.toThrow(StoreError);
    await expect(failure).rejects.toThrow(
      /Cannot fetch http.*none: the server answered 404 Not Found\. Expected 200/,
    );
    await expect(failure).rejects.toMatchObject({ details: { status: 404 } });
  });

  test("that breaks off, or is not there, is a StoreError with the cause", async () => {
    await expect(openStore(`${url}/broken`).read()).rejects.toThrow(StoreError);
    const failure = openStore("http://127.0.0.1:1/model").read();
    await expect(failure).rejects.toThrow(
      /Cannot fetch http:\/\/127\.0\.0\.1:1\/model: .*Expected a server/,
    );
    await expect(failure).rejects.toMatchObject({ cause: expect.any(TypeError) });
  });

  test("data: and blob: URLs are fetched too", async () => {
    const data = `data:application/octet-stream;base64,${Buffer.from(bytes).toString("base64")}`;
    expect(await openStore(data).read()).toEqual(bytes);
    const blob = URL.createObjectURL(toBlob(bytes));
    expect(await openStore(blob).read()).toEqual(bytes);
    URL.revokeObjectURL(blob);
  });
});

describe("io", () => {
  test("copies and moves between places, and removes", async () => {
    await openStore(at("a")).write(bytes);
    await io.copyModel(at("a"), at("b"));
    expect(readFileSync(at("a")).equals(readFileSync(at("b")))).toBe(true);
    await io.moveModel(at("b"), at("c"));
    expect(readdirSync(folder).sort()).toEqual(["a", "c"]);
    await io.removeModel(at("a"));
    expect(readdirSync(folder)).toEqual(["c"]);
    expect(await openStore(at("c")).read()).toEqual(bytes);
  });

  test("two spellings of one place are refused, so that nothing is lost", async () => {
    await openStore(at("d")).write(bytes);
    symlinkSync("d", at("link"));
    for (const other of [at("d"), `${folder}/./d`, pathToFileURL(at("d")).href, at("link")]) {
      await expect(io.moveModel(at("d"), other)).rejects.toThrow(
        /which are one place\. Expected two/,
      );
    }
    expect(await openStore(at("d")).read()).toEqual(bytes);
  });

  test("what is not there, or cannot go, is refused", async () => {
    await expect(io.removeModel(at("none"))).rejects.toThrow(
      /Cannot remove .*none: there is no such model/,
    );
    await expect(io.removeModel("https://example.org/a")).rejects.toThrow(/Cannot remove https/);
    await expect(io.moveModel("https://example.org/a", at("e"))).rejects.toThrow(
      /Use io\.copyModel/,
    );
    await expect(io.copyModel(at("none"), at("e"))).rejects.toThrow(/Cannot read .*none/);
    expect(await openStore(at("e")).exists?.()).toBe(false);
  });

  test("Node has no list of models", async () => {
    expect(await io.listModels()).toEqual({});
  });
});
