import { AbortError } from "../errors.ts";

/** Whose training it is, for messages, and what may end it. */
export interface Abortable {
  readonly label: string;
  readonly signal: AbortSignal | null;
  /** What ended, and how things stand. Default: the words for training. */
  readonly says?: string;
}

const TRAINING = "training was aborted; the weights are those after the last finished step.";

/** @throws {AbortError} when the signal has aborted. */
export function throwIfAborted({ label, signal, says = TRAINING }: Abortable): void {
  if (signal?.aborted !== true) return;
  throw new AbortError(`${label}: ${says}`, { cause: signal.reason });
}

/**
 * What the promise gives.
 * @throws {AbortError} as soon as the signal aborts; the promise is left to itself then.
 */
export async function unlessAborted<T>(promise: Promise<T>, task: Abortable): Promise<T> {
  const { signal } = task;
  if (signal === null) return await promise;
  let stopListening = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    const tell = (): void => {
      try {
        throwIfAborted(task);
      } catch (error) {
        reject(error);
      }
    };
    signal.addEventListener("abort", tell);
    stopListening = () => signal.removeEventListener("abort", tell);
    tell();
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    stopListening();
  }
}
