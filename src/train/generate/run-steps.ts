import { ops } from "../../ops/index.ts";
import { type Compiled, compile, fromHost, scope, Tensor } from "../../tensor/index.ts";
import type { OwnVariables } from "./kept-memory.ts";
import type { Prompt } from "./prompt.ts";

/** What a run begins with. */
interface Beginning {
  readonly label: string;
  readonly own: OwnVariables;
  /** What the model's other inputs read, [B, …] each. */
  readonly others: readonly Tensor[];
}

/**
 * The first step of a run: `begin` with the prompt's ids [B, T], and the run's own copies of what the other inputs read,
 * in one plan.
 * @throws what `begin` throws; then nothing stays of what it made.
 */
export function firstStep<T>(
  prompt: Prompt,
  { label, own, others }: Beginning,
  begin: (ids: Tensor, others: readonly Tensor[]) => T,
): T {
  const ids = fromHost(prompt.ids, [prompt.batch, prompt.time], "int32");
  try {
    // Before the plan: in it, as in those to come, they are there already and not computed.
    const copies = others.map((one, i) => own.make(`input_${i}`, one));
    return scope(label, () => begin(ids, copies));
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
