import { SluiceError, StoreError } from "../../errors.ts";

/** What to do about a failure of the browser, by its name. */
const ADVICE: Readonly<Record<string, string>> = {
  NotFoundError: "There is no such model; io.listModels() tells which there are.",
  QuotaExceededError:
    "There is no space left for this site. What was there is unchanged; remove models (io.removeModel), or ask for " +
    "navigator.storage.persist().",
  NoModificationAllowedError: "Another page or worker has it open. Wait until it is done.",
  SecurityError:
    "The browser keeps no data for this page: a private window, a sandboxed frame, or a setting.",
  TypeMismatchError: "A folder of this name is in the way. Choose another name.",
  TypeError: 'The name is not allowed. Expected names without "..", parted by single "/".',
};

/**
 * Runs work on a store of the browser.
 * @throws {StoreError} when the browser fails.
 */
export async function inBrowser<T>(
  { doing, name }: { readonly doing: string; readonly name: string },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof SluiceError) throw cause;
    const kind = failureName(cause);
    const reason = cause instanceof Error ? cause.message : String(cause);
    const advice = Object.hasOwn(ADVICE, kind) ? ` ${ADVICE[kind]}` : "";
    throw new StoreError(`Cannot ${doing} ${name}: ${kind}: ${reason}${advice}`, {
      cause,
      details: { name, failure: kind },
    });
  }
}

/** `"NotFoundError"`; DOMException is an Error in all browsers, but not everything that is thrown is one. */
export function failureName(cause: unknown): string {
  return cause instanceof Error ? cause.name : "";
}
