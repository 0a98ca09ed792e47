import { NumericsError } from "../../errors.ts";
import { type Abortable, throwIfAborted, unlessAborted } from "../abort.ts";
import { CHUNK, type TokenRun } from "./token-run.ts";

/** Tokens of the first chunks: the first token shows early. */
const FIRST_CHUNKS = [4, 8];

/** What a stream of tokens is made of. */
export interface TokenStreamOptions {
  readonly batch: number;
  readonly maxTokens: number;
  readonly task: Abortable;
  readonly begin: () => TokenRun;
  /** What `begin` reads, and nobody after it. */
  readonly given: { dispose(): void };
}

/**
 * The tokens of each step, one a row, read in chunks: the GPU works on the next chunk while this one is read. The run
 * ends with the stream, however that ends.
 *
 * @throws {NumericsError} at the step whose logits were not finite.
 * @throws {AbortError} when the signal aborts.
 */
export async function* tokenStream(options: TokenStreamOptions): AsyncGenerator<number[]> {
  const { batch, maxTokens, task } = options;
  const run = begun(options);
  try {
    let enqueued = 1; // the run begins with a token
    const chunks: { readonly first: number; readonly count: number; readonly data: Chunk }[] = [];
    let read = 0;
    let number = 0;
    const more = (): void => {
      const count = Math.min(FIRST_CHUNKS[number++] ?? CHUNK, maxTokens - read);
      if (count <= 0) return;
      for (; enqueued < read + count; enqueued++) run.advance();
      const data = run.read();
      data.catch(() => undefined); // who waits for it gets the error; nobody may
      chunks.push({ first: read, count, data });
      read += count;
    };
    more();
    for (let chunk = chunks.shift(); chunk !== undefined; chunk = chunks.shift()) {
      more();
      const ring = await unlessAborted(chunk.data, task);
      for (let s = chunk.first; s < chunk.first + chunk.count; s++) {
        throwIfAborted(task);
        yield tokensAt(ring, { step: s, batch, label: task.label });
      }
    }
  } finally {
    run.dispose();
  }
}

function begun({ task, begin, given }: TokenStreamOptions): TokenRun {
  try {
    throwIfAborted(task);
    return begin();
  } finally {
    given.dispose();
  }
}

type Chunk = Promise<ArrayLike<number>>;

function tokensAt(
  ring: ArrayLike<number>,
  { step, batch, label }: { step: number; batch: number; label: string },
): number[] {
  return Array.from({ length: batch }, (_, row) => {
    const token = ring[row * CHUNK + (step % CHUNK)] ?? -1;
    if (token >= 0) return token;
    throw new NumericsError(
      `${label}: the logits of token ${step}${batch === 1 ? "" : ` of row ${row}`} are not finite: NaN or infinity among ` +
        "them, or nothing else than minus infinity. Expected a model whose weights are finite; look at its training.",
      { details: { token: step, row } },
    );
  });
}
