import type { DeviceLostError } from "../errors.ts";
import { GpuError } from "../errors.ts";
import type { GpuDevice } from "./device.ts";

/** What `Faults.scope` gives: the body's own result at once, its failure on the GPU later. */
export interface Scoped<T> {
  readonly result: T;
  /** The first failure of the calls made in the body; `null` when there was none. Never rejects. */
  readonly error: Promise<GpuError | null>;
}

/**
 * Collects what goes wrong on a device. WebGPU reports failures neither to the call that caused them nor to the
 * read of the missing result, which gives zeros; so whoever waits for results asks here as well.
 */
export class Faults {
  readonly #gpu: GpuDevice;
  #lost: DeviceLostError | null = null;
  /** The latest failures that no scope caught, oldest first. */
  readonly #uncaught: GpuError[] = [];
  #count = 0;
  /** For each scope that is open, the failures of the scopes inside of it. */
  readonly #open: Promise<GpuError | null>[][] = [];

  constructor(gpu: GpuDevice) {
    this.#gpu = gpu;
    // On the application's device an error outside of our scopes is not ours, and a listener would outlive us.
    if (gpu.owned) gpu.device.addEventListener("uncapturederror", this.#onUncaptured);
    gpu.lost.then((loss) => {
      this.#lost = loss;
    });
  }

  /** Set from the moment the device is known to be gone. */
  get lost(): DeviceLostError | null {
    return this.#lost;
  }

  /** The number of failures so far that no scope caught, on a device of our own. Keep it when work begins, and ask `since` at its end. */
  get ticket(): number {
    return this.#count;
  }

  /** The first failure that no scope caught since `ticket` was taken, from which others may follow; or `null`. */
  since(ticket: number): GpuError | null {
    if (this.#count <= ticket) return null;
    const forgotten = this.#count - this.#uncaught.length;
    return this.#uncaught[Math.max(0, ticket - forgotten)] ?? null;
  }

  /**
   * Runs `body` and catches what its WebGPU calls cause: validation errors, exhausted memory, internal errors.
   * The scopes open and close in this tick, so they never see calls of the application that shares the device.
   * A failure in a scope inside of this one is a failure of this one too, and comes first.
   *
   * @param label what the work is, for the message, e.g. `"first run of lstm_1"`
   */
  scope<T>(label: string, body: () => T): Scoped<T> {
    const inner: Promise<GpuError | null>[] = [];
    const { result, pops } = this.#watch(body, inner);
    const own = this.#firstError(label, pops);
    const error = inner.length > 0 ? firstOf([...inner, own]) : own;
    this.#open.at(-1)?.push(error);
    return { result, error };
  }

  /** As `scope`, but opens none itself: only what the scopes inside caught. `null` at once when there was none. */
  gather<T>(body: () => T): { readonly result: T; readonly error: Scoped<T>["error"] | null } {
    const inner: Promise<GpuError | null>[] = [];
    this.#open.push(inner);
    try {
      const result = body();
      return { result, error: inner.length > 0 ? firstOf(inner) : null };
    } finally {
      this.#open.pop();
    }
  }

  #watch<T>(
    body: () => T,
    inner: Promise<GpuError | null>[],
  ): { result: T; pops: Promise<GPUError | null>[] } {
    const { device } = this.#gpu;
    for (const filter of FILTERS) device.pushErrorScope(filter);
    this.#open.push(inner);
    let pops: Promise<GPUError | null>[] = [];
    try {
      const result = body();
      pops = FILTERS.map(() => device.popErrorScope());
      return { result, pops };
    } catch (error) {
      if (pops.length === 0) pops = FILTERS.map(() => device.popErrorScope());
      // The body's own exception is the one that counts; what the GPU said about the same calls follows from it.
      for (const pop of pops) pop.catch(() => {});
      throw error;
    } finally {
      this.#open.pop();
    }
  }

  /** Stops listening; for a device that others use on. */
  close(): void {
    this.#gpu.device.removeEventListener("uncapturederror", this.#onUncaptured);
  }

  readonly #onUncaptured = (event: Event): void => {
    const { error } = event as GPUUncapturedErrorEvent;
    this.#note(describe("uncaptured", error));
    // Everybody who waits gets a typed error; the console need not repeat it.
    event.preventDefault();
  };

  #note(error: GpuError): void {
    this.#count += 1;
    this.#uncaught.push(error);
    if (this.#uncaught.length > MOST_REMEMBERED) this.#uncaught.shift();
  }

  async #firstError(label: string, pops: Promise<GPUError | null>[]): Promise<GpuError | null> {
    try {
      const errors = await Promise.all(pops);
      const first = errors.find((error) => error !== null) ?? null;
      return first === null ? null : describe(label, first);
    } catch (cause) {
      // Scopes of a lost device cannot be popped; the loss itself is what `lost` reports.
      if (this.#lost !== null) return null;
      return new GpuError(`${label}: the device did not close its error scopes.`, { cause });
    }
  }
}

/** A failure causes a handful of others, seldom more. */
const MOST_REMEMBERED = 16;

async function firstOf(failures: readonly Promise<GpuError | null>[]): Promise<GpuError | null> {
  return (await Promise.all(failures)).find((error) => error !== null) ?? null;
}

/** Pushed in this order, so popped in the reverse one. */
const FILTERS: readonly GPUErrorFilter[] = ["internal", "validation", "out-of-memory"];

function describe(label: string, error: GPUError): GpuError {
  const kind = kindOf(error);
  return new GpuError(`${label}: ${KINDS[kind]}. ${error.message.trim()}`, { details: { kind } });
}

const KINDS = {
  validation: "the GPU refused a call as not valid (a defect in sluice, please report it)",
  "out-of-memory": "the GPU has not enough memory; use a smaller batch or dispose of models",
  internal: "the GPU driver failed",
} as const;

/** By name: Node has no global classes of these errors. */
function kindOf(error: GPUError): keyof typeof KINDS {
  const name = error.constructor.name;
  if (name === "GPUOutOfMemoryError") return "out-of-memory";
  return name === "GPUInternalError" ? "internal" : "validation";
}
