import type { TypedArray } from "../graph/dtype.ts";
import type { Value } from "../graph/node.ts";
import type { Storage } from "../graph/storage.ts";
import { currentEngine } from "./current.ts";

/** Host data on the GPU, for as long as some recording uses it. */
export interface Constant {
  readonly storage: Storage;
  users: number;
}

/** Recordings that captured the same tensor share what was uploaded. */
const uploaded = new WeakMap<Value, Constant>();

/** The constant of a value with this content: there already, or uploaded by the next run. */
export function takeConstant(value: Value, data: TypedArray): Constant {
  const { book } = currentEngine();
  const known = uploaded.get(value);
  if (known && known.users > 0 && known.storage.owner === book) {
    known.users++;
    return known;
  }
  const storage = book.create(value.spec, { kind: "variable", name: "constant", data });
  const made = { storage, users: 1 };
  uploaded.set(value, made);
  return made;
}

/** One user less; the last one frees the memory. */
export function giveConstant(constant: Constant): void {
  constant.users--;
  if (constant.users === 0) constant.storage.owner.release(constant.storage);
}
