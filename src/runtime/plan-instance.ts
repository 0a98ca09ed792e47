import type { MemoryRef, Plan, PlanDispatch } from "../compiler/plan.ts";
import type { GpuError } from "../errors.ts";
import { BufferUsage } from "../gpu/constants.ts";
import type { Faults } from "../gpu/faults.ts";
import type { Pipeline, PipelineCache } from "../gpu/pipelines.ts";
import type { Lease, Scratch } from "./scratch.ts";

/** Memory bound from outside: a buffer and a byte offset. */
export interface BoundLeaf {
  readonly buffer: GPUBuffer;
  readonly offset: number;
}

/** What an instance makes once. */
interface Made {
  readonly pipelines: readonly Pipeline[];
  readonly planBlock: GPUBuffer | null;
  readonly runBlock: GPUBuffer | null;
  readonly tables: readonly GPUBuffer[];
  readonly lease: Lease;
}

/** What an instance needs of the engine. */
export interface InstanceContext {
  readonly device: GPUDevice;
  readonly pipelines: PipelineCache;
  readonly scratch: Scratch;
  readonly faults: Faults;
}

/** Sets of bind groups kept for different outside buffers. */
const KEPT_BINDINGS = 4;

/** A plan on a device: pipelines, blocks, scratch memory and bind groups, all made once. */
export class PlanInstance {
  readonly plan: Plan;
  /** Rejects when a kernel does not compile, or there is no memory for the plan; then no run may follow. */
  readonly ready: Promise<void>;
  /** What failed when memory and layouts were made. */
  readonly failure: Promise<GpuError | null>;
  /** Runs so far; the first one is watched by error scopes. */
  runs = 0;
  isReady = false;
  bindGroupsCreated = 0;
  buffersCreated = 0;
  readonly #context: InstanceContext;
  readonly #pipelines: readonly Pipeline[];
  readonly #planBlock: GPUBuffer | null;
  readonly #runBlock: GPUBuffer | null;
  readonly #tables: readonly GPUBuffer[];
  readonly #bindings = new Map<string, readonly GPUBindGroup[]>();
  readonly #offsets: readonly number[][];
  readonly #lease: Lease;
  #slots: readonly GPUBuffer[];
  /** That of the scratch memory when `#slots` was looked up. */
  #version: number;
  readonly #words: Uint32Array<ArrayBuffer>;
  readonly #floats: Float32Array<ArrayBuffer>;

  constructor(plan: Plan, context: InstanceContext) {
    this.plan = plan;
    this.#context = context;
    const label = `preparing ${plan.dispatches[0]?.label ?? "a copy"}`;
    const { result, error } = context.faults.scope(label, () => this.#make());
    this.#pipelines = result.pipelines;
    this.#planBlock = result.planBlock;
    this.#runBlock = result.runBlock;
    this.#tables = result.tables;
    this.#lease = result.lease;
    this.#slots = context.scratch.buffersOf(result.lease);
    this.#version = context.scratch.version;
    this.failure = error;
    this.ready = this.#prepare();
    this.#offsets = plan.dispatches.map((dispatch) =>
      [dispatch.paramsOffset, dispatch.wordsOffset].filter((offset) => offset >= 0),
    );
    this.#words = new Uint32Array(plan.runBlock);
    this.#floats = new Float32Array(this.#words.buffer);
  }

  #make(): Made {
    const { plan } = this;
    const { pipelines, scratch } = this.#context;
    return {
      pipelines: plan.dispatches.map((dispatch) => pipelines.get(dispatch.kernel)),
      planBlock: this.#makeBlock(plan.planBlock, BufferUsage.uniform),
      runBlock: this.#makeBlock(plan.runBlock, BufferUsage.uniform),
      tables: plan.tables.map((words) => this.#makeBlock(words, BufferUsage.storage) as GPUBuffer),
      lease: scratch.take(plan.slots),
    };
  }

  async #prepare(): Promise<void> {
    const failure = await this.failure;
    if (failure) throw failure;
    await Promise.all(new Set(this.#pipelines.map((pipeline) => pipeline.ready)));
    this.isReady = true;
  }

  /** Where the slots lie in this run. Bind groups with buffers that were replaced are given up. */
  slotsNow(): readonly GPUBuffer[] {
    const { scratch } = this.#context;
    if (this.#version === scratch.version) return this.#slots;
    const slots = scratch.buffersOf(this.#lease);
    this.#version = scratch.version;
    if (slots.some((buffer, i) => buffer !== this.#slots[i])) this.#bindings.clear();
    this.#slots = slots;
    return slots;
  }

  /** Keeps all scratch memory where it is until `body` is through. */
  async undisturbed(body: () => Promise<void>): Promise<void> {
    const { scratch } = this.#context;
    scratch.hold();
    try {
      await body();
    } finally {
      scratch.letGo();
    }
  }

  /** Fills in the numbers of this run. */
  writeScalars(values: readonly ScalarValue[]): void {
    if (this.plan.scalars.length === 0 || !this.#runBlock) return;
    for (const { word, scalar } of this.plan.scalars) {
      const value = values[scalar];
      if (!value) continue;
      if (value.dtype === "float32") this.#floats[word] = value.value;
      else this.#words[word] = value.value;
    }
    this.#context.device.queue.writeBuffer(this.#runBlock, 0, this.#words);
  }

  /** Records dispatches `from` to `to` (without it). */
  encode(pass: GPUComputePassEncoder, groups: readonly GPUBindGroup[], [from, to]: Range): void {
    let last: GPUComputePipeline | undefined;
    for (let i = from; i < to; i++) {
      const dispatch = this.plan.dispatches[i] as PlanDispatch;
      const [x, y, z] = dispatch.workgroups;
      if (x === 0 || y === 0 || z === 0) continue;
      const pipeline = this.#pipelines[i]?.pipeline;
      if (pipeline && pipeline !== last) {
        pass.setPipeline(pipeline);
        last = pipeline;
      }
      pass.setBindGroup(0, groups[i] ?? null, this.#offsets[i] ?? []);
      pass.dispatchWorkgroups(x, y, z);
    }
  }

  /** Bind groups for these outside buffers: found, or made and kept. */
  bindGroups(leaves: readonly (BoundLeaf | null)[]): readonly GPUBindGroup[] {
    // By the buffers themselves: the pool hands the same few out again and again.
    const key = leaves
      .map((leaf) => (leaf ? `${identityOf(leaf.buffer)}+${leaf.offset}` : ""))
      .join();
    const known = this.#bindings.get(key);
    if (known) {
      this.#bindings.delete(key);
      this.#bindings.set(key, known);
      return known;
    }
    const made = this.#makeBindGroups(leaves);
    this.#bindings.set(key, made);
    for (const oldest of this.#bindings.keys()) {
      if (this.#bindings.size <= KEPT_BINDINGS) break;
      this.#bindings.delete(oldest);
    }
    return made;
  }

  /** Gives everything back. No run may follow. */
  release(): void {
    this.#context.scratch.give(this.#lease);
    this.#planBlock?.destroy();
    this.#runBlock?.destroy();
    for (const buffer of this.#tables) buffer.destroy();
    this.#bindings.clear();
  }

  #makeBindGroups(leaves: readonly (BoundLeaf | null)[]): GPUBindGroup[] {
    const same = new Map<string, GPUBindGroup>();
    const numbers = new Map<GPUBuffer, number>();
    return this.plan.dispatches.map((dispatch, i) => {
      const entries = this.#entriesOf(dispatch, leaves);
      const key = `${dispatch.kernel.layout}${entries.map((entry) => entryKey(entry, numbers)).join()}`;
      let group = same.get(key);
      if (!group) {
        this.bindGroupsCreated++;
        group = this.#context.device.createBindGroup({
          label: dispatch.label,
          layout: (this.#pipelines[i] as Pipeline).layout,
          entries,
        });
        same.set(key, group);
      }
      return group;
    });
  }

  #entriesOf(dispatch: PlanDispatch, leaves: readonly (BoundLeaf | null)[]): Entry[] {
    const entries: Entry[] = [];
    const add = (
      binding: number,
      buffer: GPUBuffer,
      range: { offset: number; size: number },
    ): void => {
      entries.push({ binding, resource: { buffer, ...range } });
    };
    if (dispatch.paramsOffset >= 0 && this.#planBlock) {
      add(0, this.#planBlock, { offset: 0, size: dispatch.paramsBytes });
    }
    if (dispatch.wordsOffset >= 0 && this.#runBlock) {
      add(1, this.#runBlock, { offset: 0, size: dispatch.wordsBytes });
    }
    dispatch.bindings.forEach((memory, i) => {
      const { buffer, offset } = this.#locate(memory, leaves);
      add(2 + i, buffer, { offset, size: Math.max(4, memory.bytes) });
    });
    return entries;
  }

  #locate(memory: MemoryRef, leaves: readonly (BoundLeaf | null)[]): Located {
    return locate(memory, { slots: this.#slots, tables: this.#tables, leaves });
  }

  #makeBlock(words: Uint32Array, usage: number): GPUBuffer | null {
    if (words.length === 0) return null;
    this.buffersCreated++;
    const buffer = this.#context.device.createBuffer({
      label: "sluice plan block",
      size: Math.max(16, words.byteLength),
      usage: usage | BufferUsage.copyDst,
    });
    this.#context.device.queue.writeBuffer(buffer, 0, words as Uint32Array<ArrayBuffer>);
    return buffer;
  }
}

const identities = new WeakMap<GPUBuffer, number>();
let nextIdentity = 1;

function identityOf(buffer: GPUBuffer): number {
  const known = identities.get(buffer);
  if (known !== undefined) return known;
  identities.set(buffer, nextIdentity);
  return nextIdentity++;
}

type Range = readonly [number, number];
type Entry = { binding: number; resource: { buffer: GPUBuffer; offset: number; size: number } };

/** A scalar's number for one run. */
export interface ScalarValue {
  readonly value: number;
  readonly dtype: "float32" | "int32";
}

export interface Located {
  readonly buffer: GPUBuffer;
  readonly offset: number;
}

/** The buffer behind a plan's memory reference. */
export function locate(
  memory: MemoryRef,
  from: {
    slots: readonly GPUBuffer[];
    tables: readonly GPUBuffer[];
    leaves: readonly (BoundLeaf | null)[];
  },
): Located {
  const leaf = memory.kind === "leaf" ? from.leaves[memory.index] : null;
  const buffer =
    memory.kind === "slot"
      ? from.slots[memory.index]
      : memory.kind === "table"
        ? from.tables[memory.index]
        : leaf?.buffer;
  if (!buffer)
    throw new RangeError(`a plan names ${memory.kind} ${memory.index}, which is not bound`);
  return { buffer, offset: memory.offset + (leaf?.offset ?? 0) };
}

function entryKey(entry: Entry, numbers: Map<GPUBuffer, number>): string {
  const { buffer, offset, size } = entry.resource;
  const number = numbers.get(buffer) ?? numbers.size;
  numbers.set(buffer, number);
  return `${entry.binding}:${number}+${offset}:${size}`;
}
