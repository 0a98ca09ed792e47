import { ArgumentError, DisposedError, GpuError } from "../errors.ts";
import { BufferUsage, COPY_ALIGNMENT, MapMode } from "./constants.ts";
import { lossOf } from "./device.ts";

/** A copy from a GPU buffer that is recorded and can be awaited once its encoder is submitted. */
export interface Readback {
  /**
   * The bytes, in memory of their own. Call it once, after the submit.
   * @throws {DeviceLostError} when the device is gone.
   * @throws {GpuError} when the staging buffer cannot be mapped for another reason.
   */
  map(): Promise<Uint8Array<ArrayBuffer>>;
  /** Gives the staging buffer back without reading; instead of `map`. */
  discard(): void;
}

const SMALLEST_BYTES = 256;
const LARGEST_CLASS_BYTES = 1024 * 1024;
const IDLE_BUFFERS = 4;
const IDLE_BYTES = 32 * 1024 * 1024;

/** Staging buffers for reading results; a few stay for the next read. */
export class ReadbackPool {
  readonly #device: GPUDevice;
  readonly #idle: GPUBuffer[] = [];
  #inUse = 0;

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** Staging buffers: waiting for a next read, and held by reads that have not ended. */
  get counts(): { readonly idle: number; readonly inUse: number } {
    return { idle: this.#idle.length, inUse: this.#inUse };
  }

  /**
   * Records a copy of `byteLength` bytes at `offset` of `buffer` (usage `copySrc`) in the caller's encoder.
   * Whether the work that wrote them succeeded is not known here; `Faults` knows.
   *
   * @param range bytes; `offset` a multiple of 4, `byteLength` rounded up to 4 within the buffer.
   */
  read(
    encoder: GPUCommandEncoder,
    buffer: GPUBuffer,
    range: { readonly offset: number; readonly byteLength: number },
  ): Readback {
    const { offset, byteLength } = range;
    const copied = Math.ceil(byteLength / COPY_ALIGNMENT) * COPY_ALIGNMENT;
    if (
      byteLength < 0 ||
      offset < 0 ||
      offset % COPY_ALIGNMENT !== 0 ||
      offset + copied > buffer.size
    ) {
      throw new ArgumentError(
        `readback: cannot read ${byteLength} bytes at ${offset} of a buffer of ${buffer.size} bytes; ` +
          `expected an offset that is a multiple of ${COPY_ALIGNMENT} and a range inside the buffer.`,
      );
    }
    const staging = this.#take(copied);
    encoder.copyBufferToBuffer(buffer, offset, staging, 0, copied);
    let isOpen = true;
    const close = () => {
      if (!isOpen) throw new DisposedError("readback: map() or discard() was already called.");
      isOpen = false;
    };
    return {
      map: async () => {
        close();
        return this.#map(staging, byteLength);
      },
      discard: () => {
        close();
        this.#giveBack(staging);
      },
    };
  }

  /** Frees the idle staging buffers. */
  destroy(): void {
    for (const buffer of this.#idle.splice(0)) buffer.destroy();
  }

  async #map(staging: GPUBuffer, byteLength: number): Promise<Uint8Array<ArrayBuffer>> {
    try {
      await staging.mapAsync(MapMode.read);
    } catch (cause) {
      // A buffer whose map failed is not mapped: to unmap it would be a second error, to keep it a risk.
      this.#inUse -= 1;
      staging.destroy();
      throw await describeFailure(this.#device, cause);
    }
    const bytes = new Uint8Array(staging.getMappedRange().slice(0, byteLength));
    staging.unmap();
    this.#giveBack(staging);
    return bytes;
  }

  #take(byteLength: number): GPUBuffer {
    const size = stagingBytes(byteLength);
    const index = this.#idle.findIndex((buffer) => buffer.size === size);
    this.#inUse += 1;
    const [known] = index < 0 ? [] : this.#idle.splice(index, 1);
    const usage = BufferUsage.mapRead | BufferUsage.copyDst;
    return known ?? this.#device.createBuffer({ label: "sluice readback", size, usage });
  }

  #giveBack(staging: GPUBuffer): void {
    this.#inUse -= 1;
    this.#idle.push(staging);
    const bytes = () => this.#idle.reduce((sum, buffer) => sum + buffer.size, 0);
    while (this.#idle.length > IDLE_BUFFERS || bytes() > IDLE_BYTES) this.#idle.shift()?.destroy();
  }
}

/** Powers of two for small reads, so that few sizes serve all; large ones exactly, to waste nothing. */
function stagingBytes(byteLength: number): number {
  if (byteLength > LARGEST_CLASS_BYTES) return byteLength;
  return 2 ** Math.ceil(Math.log2(Math.max(byteLength, SMALLEST_BYTES)));
}

/** `mapAsync` of a lost device rejects with AbortError, which here has no other cause. */
async function describeFailure(device: GPUDevice, cause: unknown): Promise<Error> {
  const { name, message } = cause as Error;
  if (name === "AbortError") await settledWithin(device.lost, LOSS_REPORT_MS);
  const loss = await lossOf(device);
  return loss ?? new GpuError(`readback: the result cannot be mapped: ${message}`, { cause });
}

/** The report of a loss may come a little after the failures that it causes. */
const LOSS_REPORT_MS = 1000;

async function settledWithin(promise: Promise<unknown>, limitMs: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([promise, timeout]);
  clearTimeout(timer);
}
