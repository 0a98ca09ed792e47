import { BufferUsage } from "../../src/gpu/constants.ts";
import type { DeviceLimits } from "../../src/gpu/limits.ts";
import { PipelineCache } from "../../src/gpu/pipelines.ts";
import { ReadbackPool } from "../../src/gpu/readback.ts";
import type { TypedArray } from "../../src/graph/dtype.ts";
import type { HostScalar } from "../../src/graph/host-scalar.ts";
import { type Attributes, Node, type Value } from "../../src/graph/node.ts";
import { type Shape, sizeOf } from "../../src/graph/shape.ts";
import { type Spec, specBytes, specOf } from "../../src/graph/spec.ts";
import type {
  Dispatch,
  Epilogue,
  LowerContext,
  Lowered,
  SlotRef,
} from "../../src/kernels/dispatch.ts";
import { testDevice } from "./adapter.ts";

/**
 * Runs one lowered op on the GPU without the engine. Every range is surrounded by canary words that are NaN
 * when read as float32, and everything that is not input begins as such words: a kernel that reads outside,
 * or reads what it has not written, yields NaN; one that writes outside fails here.
 */
const CANARY = 0x7fabcdef;
const GUARD_BYTES = 256;

/** A tensor on the host. float32 unless its array says otherwise; bool is a Uint8Array. */
export interface HostTensor {
  readonly shape: Shape;
  readonly data: TypedArray;
}

export interface KernelRun {
  readonly lower: (context: LowerContext) => Lowered;
  readonly inputs: readonly HostTensor[];
  readonly outputs: readonly Spec[];
  readonly attributes?: Attributes;
  readonly scalars?: readonly HostScalar[];
  /** Output `o` lies in the memory of input `i`. */
  readonly inPlace?: readonly { readonly output: number; readonly input: number }[];
  /** Lists of inputs that lie in one buffer, each at a multiple of 256 bytes. */
  readonly colocated?: readonly (readonly number[])[];
  readonly needed?: readonly boolean[];
  readonly epilogue?: Epilogue;
  /** What the epilogue reads. */
  readonly extras?: readonly HostTensor[];
  /** Limits that the lowering sees in place of the device's. */
  readonly limits?: Partial<DeviceLimits>;
}

/** The outputs; those that are not needed come as they are left. */
export async function runKernel(run: KernelRun): Promise<TypedArray[]> {
  const gpu = await testDevice();
  const node = nodeOf(run);
  const lowered = run.lower({
    node,
    needed: run.needed ?? run.outputs.map(() => true),
    epilogue: run.epilogue ?? null,
    limits: { ...gpu.limits, ...run.limits },
    options: {},
  });
  const memory = new Memory(gpu.device);
  const slots = placeAll(memory, run, lowered);
  cache ??= { pipelines: new PipelineCache(gpu.device), readback: new ReadbackPool(gpu.device) };
  const { pipelines } = cache;
  await Promise.all(lowered.dispatches.map(({ kernel }) => pipelines.get(kernel).ready));
  gpu.device.pushErrorScope("validation");
  const encoder = gpu.device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  for (const dispatch of lowered.dispatches) {
    record({ pass, device: gpu.device, dispatch, slots, memory, node });
  }
  pass.end();
  const bytes = memory.readAll(encoder, cache.readback);
  gpu.device.queue.submit([encoder.finish()]);
  const error = await gpu.device.popErrorScope();
  if (error !== null) throw new Error(`${node.op}: ${error.message}`);
  const contents = await Promise.all(bytes.map((read) => read.map()));
  memory.checkCanaries(contents);
  memory.destroy();
  return slots.outputs.map((range, i) => toHost(contents, range, run.outputs[i] as Spec));
}

let cache: { pipelines: PipelineCache; readback: ReadbackPool } | undefined;

/** Pipelines made so far by `runKernel`. */
export function pipelineCount(): number {
  return cache?.pipelines.count ?? 0;
}

export function tensor(shape: Shape, data: TypedArray): HostTensor {
  if (data.length !== sizeOf(shape)) throw new Error(`${data.length} values for [${shape}]`);
  return { shape, data };
}

/** The spec that a host tensor has on the device. */
export function specOfHost({ shape, data }: HostTensor): Spec {
  if (data instanceof Float32Array) return specOf(shape, "float32");
  return specOf(shape, data instanceof Int32Array ? "int32" : "bool");
}

function nodeOf(run: KernelRun): Node {
  const leaf = (host: HostTensor): Value => {
    const source = { kind: "host", data: host.data } as const;
    const made = new Node("host", [], { outputs: [specOfHost(host)], source });
    return made.outputs[0] as Value;
  };
  return new Node(run.lower.name, run.inputs.map(leaf), {
    attributes: run.attributes ?? {},
    outputs: run.outputs,
    scalars: run.scalars ?? [],
  });
}

interface Range {
  readonly buffer: number;
  readonly offset: number;
  readonly bytes: number;
}

interface Slots {
  readonly inputs: readonly Range[];
  readonly outputs: readonly Range[];
  readonly scratch: readonly Range[];
  readonly tables: readonly Range[];
  readonly extras: readonly Range[];
  readonly lists: ReadonlyMap<string, Range>;
}

/** Buffers made of ranges with canary words before, between and behind them. */
class Memory {
  readonly buffers: GPUBuffer[] = [];
  readonly #device: GPUDevice;
  readonly #ranges: Range[][] = [];

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** One buffer with a range for each item, at multiples of 256 bytes. */
  place(
    items: readonly { readonly bytes: number; readonly data?: TypedArray | Uint32Array }[],
  ): Range[] {
    const ranges: Range[] = [];
    let offset = GUARD_BYTES;
    for (const { bytes } of items) {
      ranges.push({ buffer: this.buffers.length, offset, bytes });
      offset += Math.ceil(bytes / 256) * 256;
    }
    const words = new Uint32Array((offset + GUARD_BYTES) / 4).fill(CANARY);
    items.forEach(({ data }, i) => {
      if (data) words.set(toWords(data), (ranges[i]?.offset ?? 0) / 4);
    });
    const usage = BufferUsage.storage | BufferUsage.copySrc | BufferUsage.copyDst;
    const buffer = this.#device.createBuffer({ size: words.byteLength, usage });
    this.#device.queue.writeBuffer(buffer, 0, words);
    this.buffers.push(buffer);
    this.#ranges.push(ranges);
    return ranges;
  }

  readAll(encoder: GPUCommandEncoder, pool: ReadbackPool) {
    return this.buffers.map((buffer) =>
      pool.read(encoder, buffer, { offset: 0, byteLength: buffer.size }),
    );
  }

  checkCanaries(contents: readonly Uint8Array<ArrayBuffer>[]): void {
    contents.forEach((bytes, index) => {
      const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
      const owned = new Uint8Array(words.length);
      for (const { offset, bytes: length } of this.#ranges[index] ?? []) {
        owned.fill(1, offset / 4, (offset + length) / 4);
      }
      const hit = words.findIndex((word, i) => owned[i] === 0 && word !== CANARY);
      if (hit >= 0) {
        const at = hit * 4 - (this.#ranges[index]?.[0]?.offset ?? 0);
        throw new Error(
          `buffer ${index}: the canary at byte ${at} of its first range was overwritten`,
        );
      }
    });
  }

  destroy(): void {
    for (const buffer of this.buffers) buffer.destroy();
  }
}

function placeAll(memory: Memory, run: KernelRun, lowered: Lowered): Slots {
  const inputs: Range[] = [];
  const lists = new Map<string, Range>();
  const item = (host: HostTensor) => ({ bytes: specBytes(specOfHost(host)), data: host.data });
  for (const list of run.colocated ?? []) {
    const ranges = memory.place(list.map((index) => item(run.inputs[index] as HostTensor)));
    list.forEach((index, i) => {
      inputs[index] = ranges[i] as Range;
    });
    const [first, last] = [ranges[0] as Range, ranges.at(-1) as Range];
    const bytes = last.offset - first.offset + Math.ceil(last.bytes / 256) * 256;
    lists.set(`input ${list[0]}`, { ...first, bytes });
  }
  run.inputs.forEach((host, index) => {
    inputs[index] ??= memory.place([item(host)])[0] as Range;
  });
  const outputs = run.outputs.map((spec, index) => {
    const alias = run.inPlace?.find(({ output }) => output === index);
    if (alias === undefined) return memory.place([{ bytes: specBytes(spec) }])[0] as Range;
    const list = lists.get(`input ${alias.input}`);
    if (list) lists.set(`output ${index}`, list);
    return inputs[alias.input] as Range;
  });
  const single = (bytes: number, data?: Uint32Array): Range =>
    memory.place([data ? { bytes, data } : { bytes }])[0] as Range;
  return {
    inputs,
    outputs,
    lists,
    scratch: (lowered.scratch ?? []).map((bytes) => single(bytes)),
    tables: (lowered.tables ?? []).map((words) => single(words.byteLength, words)),
    extras: (run.extras ?? []).map((host) => memory.place([item(host)])[0] as Range),
  };
}

interface Recording {
  readonly pass: GPUComputePassEncoder;
  readonly device: GPUDevice;
  readonly dispatch: Dispatch;
  readonly slots: Slots;
  readonly memory: Memory;
  readonly node: Node;
}

function record({ pass, device, dispatch, slots, memory, node }: Recording): void {
  const { kernel, params, words } = dispatch;
  const { layout, pipeline } = cache?.pipelines.get(kernel) ?? {};
  if (layout === undefined || pipeline === undefined)
    throw new Error(`${kernel.name} is not ready`);
  const entries: GPUBindGroupEntry[] = [];
  const uniform = (binding: number, data: Uint32Array): void => {
    const usage = BufferUsage.uniform | BufferUsage.copyDst;
    const buffer = device.createBuffer({ size: Math.ceil(data.byteLength / 16) * 16, usage });
    device.queue.writeBuffer(buffer, 0, data as Uint32Array<ArrayBuffer>);
    entries.push({ binding, resource: { buffer } });
  };
  if (kernel.layout[0] === "u") uniform(0, params ?? new Uint32Array(4));
  if (kernel.layout[1] === "u") {
    const data = new Uint32Array(words?.fixed ?? []);
    for (const { word, scalar } of words?.scalars ?? []) {
      data[word] = scalarWord(node.scalars[scalar] as HostScalar);
    }
    uniform(1, data);
  }
  dispatch.bindings.forEach((slot, i) => {
    const range = rangeOf(slots, slot);
    const buffer = memory.buffers[range.buffer] as GPUBuffer;
    entries.push({ binding: i + 2, resource: { buffer, offset: range.offset, size: range.bytes } });
  });
  pass.setPipeline(pipeline);
  const offsets = [...kernel.layout].filter((letter) => letter === "u").map(() => 0);
  pass.setBindGroup(0, device.createBindGroup({ layout, entries }), offsets);
  pass.dispatchWorkgroups(...dispatch.workgroups);
}

function rangeOf(slots: Slots, slot: SlotRef): Range {
  const isList = (slot.kind === "input" || slot.kind === "output") && slot.list === true;
  if (isList) return slots.lists.get(`${slot.kind} ${slot.index}`) as Range;
  const byKind = {
    input: slots.inputs,
    output: slots.outputs,
    scratch: slots.scratch,
    table: slots.tables,
    extra: slots.extras,
  };
  const range = byKind[slot.kind][slot.index] as Range;
  const skipped = slot.kind === "scratch" ? (slot.offset ?? 0) : 0;
  return { ...range, offset: range.offset + skipped, bytes: range.bytes - skipped };
}

function scalarWord(scalar: HostScalar): number {
  if (scalar.dtype === "int32") return scalar.read() >>> 0;
  return new Uint32Array(new Float32Array([scalar.read()]).buffer)[0] ?? 0;
}

function toWords(data: TypedArray | Uint32Array): Uint32Array {
  if (data instanceof Uint8Array) return Uint32Array.from(data);
  return new Uint32Array(data.buffer, data.byteOffset, data.length);
}

function toHost(
  contents: readonly Uint8Array<ArrayBuffer>[],
  range: Range,
  spec: Spec,
): TypedArray {
  const bytes = contents[range.buffer]?.slice(range.offset, range.offset + range.bytes);
  const { buffer } = bytes ?? new Uint8Array();
  if (spec.dtype === "float32") return new Float32Array(buffer);
  if (spec.dtype === "int32") return new Int32Array(buffer);
  return Uint8Array.from(new Uint32Array(buffer));
}
