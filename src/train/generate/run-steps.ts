import { ops } from "../../ops/index.ts";
import { type Compiled, compile, fromHost, scope, Tensor } from "../../tensor/index.ts";
import type { OwnVariables } from "./kept-memory.ts";
import type { Prompt } from "./prompt.ts";

/**
 * The first step of a run: `begin` with the prompt's ids [B, T], in one plan.
 * @throws what `begin` throws; then nothing stays of what it made.
 */
export function firstStep<T>(
  prompt: Prompt,
  { label, own }: { readonly label: string; readonly own: OwnVariables },
  begin: (ids: Tensor) => T,
): T {
  const ids = fromHost(prompt.ids, [prompt.batch, prompt.time], "int32");
  try {
    return scope(label, () => begin(ids));
  } catch (error) {
    own.dispose();
    throw error;
  } finally {
    ids.dispose();
  }
}

/** A further step, recorded once and replayed at each call. It gives nothing: all that it changes are variables. */
export function recorded(body: () => void): Compiled<[], Tensor[]> {
  return compile(() => {
    body();
    return [];
  });
}

/** The table [B, S] with `column` [B, 1] in the place `at`. */
export function written(table: Tensor, column: Tensor, at: Tensor): Tensor {
  return Tensor.of(ops.cacheAppend(table.value, column.value, at.value));
}
