import { UnsupportedError } from "../errors.ts";
import { currentEngine } from "./current.ts";
import { profile } from "./profile.ts";

/*
 * Names that programs written for TF.js call around their mathematics. Nobody who begins here needs them.
 */

/** Resolves when the GPU is there; the first evaluation waits for it by itself. Counterpart of `tf.ready`. */
export async function ready(): Promise<void> {
  await currentEngine().gpu();
}

/** Always `"webgpu"`. Counterpart of `tf.getBackend`. */
export function getBackend(): string {
  return "webgpu";
}

/**
 * Resolves to true when the GPU is there. Counterpart of `tf.setBackend`.
 *
 * @param name `"webgpu"`, the only one there is.
 * @throws {UnsupportedError} for another name.
 */
export async function setBackend(name: string): Promise<boolean> {
  if (name !== "webgpu") {
    throw new UnsupportedError(
      `setBackend: received "${name}". Expected "webgpu": it is the only backend; without a GPU a software adapter ` +
        "computes.",
    );
  }
  await ready();
  return true;
}

/** How long something took. */
export interface TimingInfo {
  /** Milliseconds from the call to the end of the GPU's work. */
  readonly wallMs: number;
  /** Sum of the times of all dispatches; null where the adapter has no timestamp queries. */
  readonly kernelMs: number | null;
}

/**
 * Times a function, with all that it asks of the GPU. Counterpart of `tf.time`; `profile` tells more.
 *
 * @example
 * const { wallMs } = await sl.time(() => x.matMul(x));
 * @param f Its tensors are computed; it may be asynchronous.
 */
export async function time(f: () => unknown): Promise<TimingInfo> {
  await currentEngine().idle();
  const start = performance.now();
  const { kernelMs } = await profile(f);
  return { wallMs: performance.now() - start, kernelMs };
}

/** Lets other work of the page or process go first. Counterpart of `tf.nextFrame`; it also goes on in hidden pages. */
export function nextFrame(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
}
