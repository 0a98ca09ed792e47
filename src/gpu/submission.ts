/**
 * Submits work and counts what the GPU has not finished. A queue takes submits without bound until memory ends
 * and the device is lost, so whoever produces work waits here while too many are under way.
 */
export class SubmitGate {
  readonly #queue: GPUQueue;
  readonly #maxInFlight: number;
  readonly #pending = new Set<Promise<void>>();

  constructor(queue: GPUQueue, maxInFlight = 4) {
    this.#queue = queue;
    this.#maxInFlight = maxInFlight;
  }

  /** Submits that the GPU has not finished. */
  get inFlight(): number {
    return this.#pending.size;
  }

  /** Whether another submit is welcome. */
  get free(): boolean {
    return this.#pending.size < this.#maxInFlight;
  }

  /**
   * Submits at once; asking `free` first is the caller's part.
   * @returns a promise that resolves when the GPU is through, or gone.
   */
  submit(commandBuffers: Iterable<GPUCommandBuffer>): Promise<void> {
    this.#queue.submit([...commandBuffers]);
    // A rejection means that the device is lost: then nothing is in flight any more either.
    const done: Promise<void> = this.#queue.onSubmittedWorkDone().then(forget, forget);
    const pending = this.#pending;
    function forget(): void {
      pending.delete(done);
    }
    pending.add(done);
    return done;
  }

  /** Resolves when `free` is true; at once, if it is. */
  async whenFree(): Promise<void> {
    while (!this.free) await Promise.race(this.#pending);
  }

  /** Resolves when the GPU has finished everything submitted so far, whatever comes meanwhile. */
  async idle(): Promise<void> {
    await Promise.all(this.#pending);
  }
}
