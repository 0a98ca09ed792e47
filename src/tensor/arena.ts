import { cutIntoArenas, memberBytes } from "../graph/arena-layout.ts";
import { checkOwner } from "../runtime/fresh.ts";
import { currentEngine } from "./current.ts";
import type { Variable } from "./variable.ts";

/**
 * Puts variables side by side into one GPU buffer, in this order, each at a multiple of 256 bytes, so that
 * one dispatch can go over all of them; into several where one is more than a dispatch can bind. Their content
 * and versions stay.
 */
export function packVariables(variables: readonly Variable[]): void {
  const specs = variables.map((variable) => variable.storage.spec);
  if (arenaRuns(variables).length <= cutIntoArenas(specs).length) return;
  currentEngine().pack(variables.map((variable) => variable.storage));
}

/** Cuts a list where the next variable does not lie right behind the one before it. */
export function arenaRuns<V extends Variable>(variables: readonly V[]): V[][] {
  const { book } = currentEngine();
  const runs: V[][] = [];
  let end = { block: null as unknown, offset: -1 };
  for (const variable of variables) {
    checkOwner(variable.storage, book);
    const { block, offset } = book.placeOf(variable.storage);
    const last = runs.at(-1);
    if (last && end.block === block && end.offset === offset) last.push(variable);
    else runs.push([variable]);
    end = { block, offset: offset + memberBytes(variable.storage.spec) };
  }
  return runs;
}
