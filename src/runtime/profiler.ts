import type { PlanDispatch } from "../compiler/plan.ts";
import { BufferUsage } from "../gpu/constants.ts";
import { type Readback, ReadbackPool } from "../gpu/readback.ts";
import type { Engine } from "./engine.ts";
import type { PlanInstance } from "./plan-instance.ts";
import type { ProfiledKernel } from "./profiled-kernel.ts";

/** The most dispatches that one query set can time. */
const MOST_QUERIES = 2048;

interface Timed {
  readonly dispatches: readonly PlanDispatch[];
  /** Null without timestamp queries, and once it is read. */
  readback: Readback | null;
  readonly buffers: readonly GPUBuffer[];
  readonly queries: GPUQuerySet | null;
}

/** Goes through a plan with a pass of its own, and two timestamps, for each dispatch. */
export class Profiler {
  readonly #device: GPUDevice;
  readonly #readbacks: ReadbackPool;
  readonly #hasTimestamps: boolean;
  readonly #timed: Timed[] = [];

  constructor(device: GPUDevice) {
    this.#device = device;
    this.#readbacks = new ReadbackPool(device);
    this.#hasTimestamps = device.features.has("timestamp-query");
  }

  readonly walk: Engine["walker"] = (encoder, instance, groups, [from, to]) => {
    for (let first = from; first < to; first += MOST_QUERIES) {
      const range = [first, Math.min(to, first + MOST_QUERIES)] as const;
      this.#walkPart(encoder, { instance, groups, range });
    }
  };

  /** The times, once everything has been submitted. */
  async kernels(): Promise<ProfiledKernel[]> {
    const all: ProfiledKernel[] = [];
    for (const timed of this.#timed) {
      const { dispatches, readback } = timed;
      timed.readback = null;
      const bytes = readback ? await readback.map() : null;
      const stamps = bytes ? new BigUint64Array(bytes.buffer, 0, bytes.length / 8) : null;
      dispatches.forEach((dispatch, i) => {
        const start = stamps?.[2 * i];
        const end = stamps?.[2 * i + 1];
        all.push({
          name: dispatch.kernel.name,
          label: dispatch.label,
          timeMs: start === undefined || end === undefined ? null : Number(end - start) / 1e6,
          flops: dispatch.flops,
          bytes: dispatch.bytes,
        });
      });
    }
    return all;
  }

  /** Frees what the timing took, read or not. */
  destroy(): void {
    for (const { readback, buffers, queries } of this.#timed.splice(0)) {
      readback?.discard();
      for (const buffer of buffers) buffer.destroy();
      queries?.destroy();
    }
    this.#readbacks.destroy();
  }

  #walkPart(
    encoder: GPUCommandEncoder,
    {
      instance,
      groups,
      range: [from, to],
    }: {
      instance: PlanInstance;
      groups: readonly GPUBindGroup[];
      range: readonly [number, number];
    },
  ): void {
    const count = to - from;
    const queries = this.#hasTimestamps
      ? this.#device.createQuerySet({ type: "timestamp", count: 2 * count })
      : null;
    for (let i = from; i < to; i++) {
      const at = 2 * (i - from);
      const pass = encoder.beginComputePass(
        queries
          ? {
              timestampWrites: {
                querySet: queries,
                beginningOfPassWriteIndex: at,
                endOfPassWriteIndex: at + 1,
              },
            }
          : undefined,
      );
      instance.encode(pass, groups, [i, i + 1]);
      pass.end();
    }
    const dispatches = instance.plan.dispatches.slice(from, to);
    if (!queries) {
      this.#timed.push({ dispatches, readback: null, buffers: [], queries: null });
      return;
    }
    const byteLength = 16 * count;
    const resolved = this.#device.createBuffer({
      label: "sluice timestamps",
      size: byteLength,
      usage: BufferUsage.queryResolve | BufferUsage.copySrc,
    });
    encoder.resolveQuerySet(queries, 0, 2 * count, resolved, 0);
    const readback = this.#readbacks.read(encoder, resolved, { offset: 0, byteLength });
    this.#timed.push({ dispatches, readback, buffers: [resolved], queries });
  }
}
