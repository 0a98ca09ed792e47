import { platform } from "#platform";
import { ArgumentError, UnsupportedError } from "../../errors.ts";
import { describeValue } from "../../names/describe.ts";
import { nearestName } from "../../names/resolve.ts";
import { downloadStore, hasDownloads } from "./download.ts";
import { fileStore } from "./file.ts";
import {
  type Bytes,
  bytesStore,
  handlerStore,
  isBytes,
  isHandler,
  type ModelHandler,
} from "./given.ts";
import { hasIndexedDb, indexedDbStore } from "./indexeddb.ts";
import { hasOpfs, opfsStore } from "./opfs.ts";
import type { ModelStore } from "./store.ts";
import { urlStore } from "./url.ts";

/** Where a model is saved to or loaded from. */
export type StoreTarget = string | URL | Bytes | ModelHandler;

/** A kind of place that URLs name. */
interface Scheme {
  /** `rest` is what follows `scheme://`, `url` the whole. */
  open(rest: string, url: string): ModelStore;
  isHere(): boolean;
  /** What is missing where it is not here. */
  readonly needs: string;
}

const fetched: Scheme = { open: (_rest, url) => urlStore(url), isHere: () => true, needs: "fetch" };

const SCHEMES: Readonly<Record<string, Scheme>> = {
  file: { open: (_rest, url) => openPath(url), isHere: hasFiles, needs: "Node" },
  http: fetched,
  https: fetched,
  blob: fetched,
  data: fetched,
  indexeddb: { open: indexedDbStore, isHere: hasIndexedDb, needs: "a browser's database" },
  opfs: {
    open: opfsStore,
    isHere: hasOpfs,
    needs: "a browser's file system, in a secure context: https or localhost",
  },
  downloads: {
    open: downloadStore,
    isHere: hasDownloads,
    needs: "a page: workers send the bytes to theirs",
  },
};

/**
 * The place that a target names. Nothing is opened or looked for yet.
 *
 * | target | place |
 * | --- | --- |
 * | `"models/forecast.safetensors"`, `"file:///…"` | Node: a file, replaced as a whole. Pages: a relative URL |
 * | `"indexeddb://forecast"` | the browser's database |
 * | `"opfs://models/forecast"` | the browser's own file system |
 * | `"downloads://forecast"` | a download; write only |
 * | `"https://…"`, `"blob:…"`, `"data:…"`, `URL` | fetched; read only |
 * | `Blob`, `File`, `ArrayBuffer`, `Uint8Array` | content in hand; read only |
 * | `{ read, write }` | a place of one's own |
 *
 * @throws {ArgumentError} for anything else, also an unknown scheme.
 * @throws {UnsupportedError} for a place that there is not on this platform, naming those that there are.
 */
export function openStore(target: StoreTarget): ModelStore {
  if (target instanceof URL) return openUrl(target.href);
  if (typeof target === "string" && target !== "") return openUrl(target);
  if (isBytes(target)) return bytesStore(target);
  if (isHandler(target)) return handlerStore(target);
  throw new ArgumentError(
    `store: received ${describeValue(target)}. Expected ${placesHere()}, a Blob, bytes, or an object with read() and ` +
      "write(bytes).",
    { details: { target } },
  );
}

function openUrl(target: string): ModelStore {
  const { scheme = "", rest = "" } = SCHEME.exec(target)?.groups ?? {};
  if (scheme === "") return openPath(target);
  const key = scheme.toLowerCase();
  const found = Object.hasOwn(SCHEMES, key) ? SCHEMES[key] : undefined;
  if (found === undefined) {
    const nearest = nearestName(key, Object.keys(SCHEMES));
    const hint = nearest === null ? "" : ` Did you mean ${nearest}://?`;
    throw new ArgumentError(
      `store: there is no ${scheme}:// (received ${describeValue(target)}).${hint} Expected ${placesHere()}.`,
      { details: { target, nearest } },
    );
  }
  if (!found.isHere()) {
    throw new UnsupportedError(
      `store: ${scheme}:// needs ${found.needs}; this is ${platform.name}. Expected ${placesHere()}.`,
      { details: { target } },
    );
  }
  if (rest === "") {
    throw new ArgumentError(`store: received "${target}". Expected a name behind it.`);
  }
  return found.open(rest, target);
}

/** A path may hold a colon, also behind a Windows drive; only three schemes go without slashes. */
const SCHEME = /^(?<scheme>[a-z][a-z0-9+.-]+(?=:\/\/)|file|blob|data):(?:\/\/)?(?<rest>.*)$/is;

function openPath(path: string): ModelStore {
  return platform.files === undefined ? urlStore(path) : fileStore(path, platform.files);
}

function hasFiles(): boolean {
  return platform.files !== undefined;
}

/** What a string may name here, for messages. */
function placesHere(): string {
  const schemes = Object.keys(SCHEMES).filter((key) => SCHEMES[key]?.isHere());
  const path = hasFiles() ? "a path" : "a relative URL";
  return [path, ...schemes.map((scheme) => `${scheme}://`)].join(", ");
}
