/**
 * GFLOP/s of the matMul kernels without the engine around them.
 *
 *     node tools/run.mjs bench/matmul.ts [--cpu-time]
 *
 * The adapter is the system's; SLUICE_ADAPTER=swiftshader or VK_DRIVER_FILES choose another. Each figure is the
 * best of several runs of as many products as fill about 50 ms. With --cpu-time, software adapters are
 * measured by the processor time that this process used, which other load on the machine does not change.
 */
import { BufferUsage } from "../src/gpu/constants.ts";
import { acquireDevice, type GpuDevice } from "../src/gpu/device.ts";
import { PipelineCache } from "../src/gpu/pipelines.ts";
import { Node } from "../src/graph/node.ts";
import { sizeOf } from "../src/graph/shape.ts";
import { specOf } from "../src/graph/spec.ts";
import type { Dispatch, Lowered, SlotRef } from "../src/kernels/dispatch.ts";
import { lowerMatMul } from "../src/kernels/matmul.ts";
import { platform } from "../src/node/platform.ts";

const ROUNDS = 7;
const ROUND_MS = 50;

interface Case {
  readonly name: string;
  readonly a: readonly [number, number];
  readonly b: readonly [number, number];
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

const CASES: readonly Case[] = [
  { name: "square", a: [512, 512], b: [512, 512] },
  { name: "projection x·W", a: [2048, 64], b: [64, 512] },
  { name: "its dX = dY·Wᵀ", a: [2048, 512], b: [64, 512], transposeB: true },
  { name: "its dW = Xᵀ·dY", a: [2048, 64], b: [2048, 512], transposeA: true },
  { name: "small projection", a: [1792, 16], b: [16, 128] },
  { name: "its dX", a: [1792, 128], b: [16, 128], transposeB: true },
  { name: "its dW", a: [1792, 16], b: [1792, 128], transposeA: true },
  { name: "one step, B = 32", a: [32, 64], b: [64, 256] },
  { name: "one row", a: [1, 512], b: [512, 2048] },
  { name: "to one unit", a: [1792, 32], b: [32, 1] },
];

const useCpuTime = process.argv.includes("--cpu-time");
const gpu = await acquireDevice(platform);
console.log(`${gpu.adapterName}; ${useCpuTime ? "processor time" : "wall time"}`);
for (const one of CASES) console.log(await measure(gpu, one));
gpu.destroy();

async function measure(gpu: GpuDevice, one: Case): Promise<string> {
  const lowered = lower(gpu, one);
  const compileStart = performance.now();
  const run = await prepare(gpu, lowered, one);
  await run(1);
  const compileMs = performance.now() - compileStart;
  const first = await run(1);
  const repeats = Math.max(1, Math.min(500, Math.round(ROUND_MS / Math.max(0.05, first))));
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++)
    best = Math.min(best, (await run(repeats)) / repeats);
  const [m, k] = one.transposeA ? [one.a[1], one.a[0]] : one.a;
  const n = one.transposeB ? one.b[0] : one.b[1];
  const rate = (2 * m * k * n) / best / 1e6;
  const columns = [
    one.name.padEnd(18),
    `${m} x ${k} x ${n}`.padEnd(18),
    `${best.toFixed(3)} ms`.padStart(12),
    `${rate.toFixed(2)} GFLOP/s`.padStart(16),
    `first run ${compileMs.toFixed(0)} ms`.padStart(20),
  ];
  return columns.join(" ");
}

function lower(gpu: GpuDevice, one: Case): Lowered {
  const leaf = (shape: readonly number[]) => {
    const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(1.7 * i));
    return new Node("host", [], { outputs: [specOf(shape)], source: { kind: "host", data } });
  };
  const [transposeA, transposeB] = [one.transposeA ?? false, one.transposeB ?? false];
  const inputs = [leaf(one.a), leaf(one.b)].flatMap((node) => node.outputs);
  const shape = [one.a[transposeA ? 1 : 0], one.b[transposeB ? 0 : 1]];
  const attributes = { transposeA, transposeB };
  const node = new Node("matMul", inputs, { attributes, outputs: [specOf(shape)] });
  const target = { limits: gpu.limits, options: {} };
  return lowerMatMul({ node, needed: [true], epilogue: null, ...target });
}

/** A function that submits the work so many times and gives the milliseconds until all of it is done. */
async function prepare(
  { device }: GpuDevice,
  lowered: Lowered,
  one: Case,
): Promise<(times: number) => Promise<number>> {
  const storage = (bytes: number, data?: Float32Array<ArrayBuffer>): GPUBuffer => {
    const usage = BufferUsage.storage | BufferUsage.copyDst;
    const buffer = device.createBuffer({ size: Math.max(16, bytes), usage });
    if (data) device.queue.writeBuffer(buffer, 0, data);
    return buffer;
  };
  const values = (shape: readonly number[]): GPUBuffer => {
    const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(1.7 * i));
    return storage(data.byteLength, data);
  };
  const inputs = [values(one.a), values(one.b)];
  const outputs = [storage(4 * one.a[one.transposeA ? 1 : 0] * one.b[one.transposeB ? 0 : 1])];
  const scratch = (lowered.scratch ?? []).map((bytes) => storage(bytes));
  const slots: Partial<Record<SlotRef["kind"], GPUBuffer[]>> = {
    input: inputs,
    output: outputs,
    scratch,
  };
  const cache = new PipelineCache(device);
  const recorded = lowered.dispatches.map((dispatch) => bind(device, { cache, dispatch, slots }));
  for (const { ready } of recorded) await ready;
  return async (times) => {
    await device.queue.onSubmittedWorkDone();
    const start = now();
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    for (let i = 0; i < times; i++) for (const { record } of recorded) record(pass);
    pass.end();
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
    return now() - start;
  };
}

interface Binding {
  readonly cache: PipelineCache;
  readonly dispatch: Dispatch;
  readonly slots: Partial<Record<SlotRef["kind"], GPUBuffer[]>>;
}

function bind(device: GPUDevice, { cache, dispatch, slots }: Binding) {
  const kernel = cache.get(dispatch.kernel);
  const params = dispatch.params ?? new Uint32Array(4);
  const usage = BufferUsage.uniform | BufferUsage.copyDst;
  const uniform = device.createBuffer({ size: params.byteLength, usage });
  device.queue.writeBuffer(uniform, 0, params as Uint32Array<ArrayBuffer>);
  const entries: GPUBindGroupEntry[] = [{ binding: 0, resource: { buffer: uniform } }];
  dispatch.bindings.forEach((slot, i) => {
    const buffer = slots[slot.kind]?.[slot.index];
    if (buffer) entries.push({ binding: i + 2, resource: { buffer } });
  });
  const group = device.createBindGroup({ layout: kernel.layout, entries });
  const record = (pass: GPUComputePassEncoder): void => {
    if (kernel.pipeline === undefined) throw new Error(`${dispatch.kernel.name} is not ready`);
    pass.setPipeline(kernel.pipeline);
    pass.setBindGroup(0, group, [0]);
    pass.dispatchWorkgroups(...dispatch.workgroups);
  };
  return { ready: kernel.ready, record };
}

function now(): number {
  if (!useCpuTime) return performance.now();
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
