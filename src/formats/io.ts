import { ArgumentError, StoreError } from "../errors.ts";
import { hasIndexedDb, listIndexedDb } from "./stores/indexeddb.ts";
import { openStore } from "./stores/open-store.ts";
import { hasOpfs, listOpfs } from "./stores/opfs.ts";
import type { ModelInfo, ModelStore } from "./stores/store.ts";

/**
 * The models that this browser keeps for this site, by URL; as TF.js's `io.listModels`. In Node, where models are
 * files, there are none to list.
 *
 * @example
 * const models = await io.listModels();
 * console.log(Object.keys(models)); // e.g. ["indexeddb://forecast", "opfs://models/forecast"]
 */
export async function listModels(): Promise<Record<string, ModelInfo>> {
  const lists = await Promise.all([
    hasIndexedDb() ? listIndexedDb() : [],
    hasOpfs() ? listOpfs() : [],
  ]);
  return Object.fromEntries(lists.flat());
}

/**
 * Removes a model; as TF.js's `io.removeModel`.
 * @throws {StoreError} when there is none, or where nothing can be removed (a server).
 */
export async function removeModel(url: string): Promise<void> {
  const store = openStore(url);
  if (store.remove === undefined) {
    throw new StoreError(`Cannot remove ${store.name}: it only gives, or only takes.`);
  }
  if (!((await store.exists?.()) ?? true)) {
    throw new StoreError(`Cannot remove ${store.name}: there is no such model.`);
  }
  await store.remove();
}

/**
 * Copies a model from any place that can be read to any that can be written, replacing what is there; as TF.js's
 * `io.copyModel`.
 *
 * @example
 * await io.copyModel("https://example.org/forecast.safetensors", "indexeddb://forecast");
 */
export async function copyModel(source: string, target: string): Promise<void> {
  const [from, to] = [openStore(source), openStore(target)];
  if ((await placeOf(from)) === (await placeOf(to))) {
    throw new ArgumentError(
      `io: received "${source}" as source and "${target}" as target, which are one place. Expected two.`,
    );
  }
  await to.write(await from.read());
}

/**
 * Copies a model, then removes it where it was; as TF.js's `io.moveModel`.
 * @throws {StoreError} before anything is copied, when the source cannot be removed.
 */
export async function moveModel(source: string, target: string): Promise<void> {
  if (openStore(source).remove === undefined) {
    throw new StoreError(`Cannot move ${source}: nothing can be removed there. Use io.copyModel.`);
  }
  await copyModel(source, target);
  await removeModel(source);
}

async function placeOf(store: ModelStore): Promise<string> {
  return (await store.locate?.()) ?? store.name;
}
