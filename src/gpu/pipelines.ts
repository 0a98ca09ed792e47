import { ArgumentError, GpuError } from "../errors.ts";
import { ShaderStage } from "./constants.ts";
import { lossOf } from "./device.ts";
import type { KernelSource } from "./kernel-source.ts";

/** A compute pipeline that may still be compiling. */
export interface Pipeline {
  /** Usable at once: bind groups can be made before the shader is compiled. */
  readonly layout: GPUBindGroupLayout;
  /** Set when ready. */
  readonly pipeline: GPUComputePipeline | undefined;
  /**
   * Resolves when `pipeline` is set.
   * Rejects with `GpuError` naming the kernel and the lines that do not compile, or with `DeviceLostError`.
   */
  readonly ready: Promise<void>;
}

/** What each letter of a layout stands for; `-` leaves a binding number unused. */
const LAYOUT_LETTERS: Readonly<Record<string, GPUBufferBindingLayout | null>> = {
  u: { type: "uniform", hasDynamicOffset: true },
  r: { type: "read-only-storage" },
  w: { type: "storage" },
  "-": null,
};

/** The pipelines of a device, each compiled once, all in parallel; equal code and layout share one. */
export class PipelineCache {
  readonly #device: GPUDevice;
  readonly #layouts = new Map<string, Layout>();
  #count = 0;

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** Pipelines made so far; it grows only when a shader is compiled. */
  get count(): number {
    return this.#count;
  }

  /**
   * The pipeline of a kernel; compilation begins now, if it has not before, and nothing waits for it.
   * @throws {ArgumentError} for a layout with an unknown letter.
   */
  get(kernel: KernelSource): Pipeline {
    const layout = this.#layoutOf(kernel);
    const known = layout.pipelines.get(kernel.code);
    if (known !== undefined) return known;
    const pipeline = startCompiling(this.#device, kernel, layout);
    layout.pipelines.set(kernel.code, pipeline);
    this.#count += 1;
    return pipeline;
  }

  #layoutOf({ name, layout: letters }: KernelSource): Layout {
    const known = this.#layouts.get(letters);
    if (known !== undefined) return known;
    const label = `sluice ${letters}`;
    const entries = layoutEntries(name, letters);
    const group = this.#device.createBindGroupLayout({ label, entries });
    const pipeline = this.#device.createPipelineLayout({ label, bindGroupLayouts: [group] });
    const layout = { group, pipeline, pipelines: new Map<string, Pipeline>() };
    this.#layouts.set(letters, layout);
    return layout;
  }
}

/** What kernels with the same bindings share. */
interface Layout {
  readonly group: GPUBindGroupLayout;
  readonly pipeline: GPUPipelineLayout;
  /** By WGSL text. */
  readonly pipelines: Map<string, Pipeline>;
}

function layoutEntries(name: string, layout: string): GPUBindGroupLayoutEntry[] {
  const entries: GPUBindGroupLayoutEntry[] = [];
  for (const [binding, letter] of [...layout].entries()) {
    const buffer = LAYOUT_LETTERS[letter];
    if (buffer === undefined) {
      throw new ArgumentError(
        `${name}: binding layout "${layout}" has "${letter}" at ${binding}; expected u, r, w or -.`,
      );
    }
    if (buffer !== null) entries.push({ binding, visibility: ShaderStage.compute, buffer });
  }
  return entries;
}

function startCompiling(device: GPUDevice, kernel: KernelSource, layout: Layout): Pipeline {
  const entry: { -readonly [Key in keyof Pipeline]: Pipeline[Key] } = {
    layout: layout.group,
    pipeline: undefined,
    ready: compile(device, kernel, layout.pipeline).then((pipeline) => {
      entry.pipeline = pipeline;
    }),
  };
  // A failure reaches everybody who awaits `ready`; with nobody there it must not end the process.
  entry.ready.catch(() => {});
  return entry;
}

async function compile(
  device: GPUDevice,
  kernel: KernelSource,
  layout: GPUPipelineLayout,
): Promise<GPUComputePipeline> {
  // The scope keeps a shader's errors away from the application's `uncapturederror`; they are reported below.
  device.pushErrorScope("validation");
  const code = withExtensions(kernel.code);
  const module = device.createShaderModule({ label: kernel.name, code });
  device.popErrorScope().catch(() => null);
  const compute = { module, entryPoint: "main" };
  const outcome = await device
    .createComputePipelineAsync({ label: kernel.name, layout, compute })
    .then(
      (pipeline) => ({ pipeline }),
      (cause: unknown) => ({ cause }),
    );
  // Asked also after success: a lost device "compiles" everything without complaint.
  const loss = await lossOf(device);
  if (loss !== null) throw loss;
  if ("pipeline" in outcome) return outcome.pipeline;
  const { messages } = await module.getCompilationInfo();
  throw describeFailure({ ...kernel, code }, messages, outcome.cause);
}

/** A shader has to say at its very top that it uses halves; no kernel need know where its top is. */
function withExtensions(code: string): string {
  return /\bf16\b/.test(code) ? `enable f16;\n${code}` : code;
}

function describeFailure(
  { name, code }: KernelSource,
  messages: readonly GPUCompilationMessage[],
  cause: unknown,
): GpuError {
  const errors = messages.filter(({ type }) => type === "error");
  const reasons = errors.map((message) => describeMessage(message, code));
  // A shader that is correct by itself but does not fit its layout has no messages of its own.
  if (reasons.length === 0) reasons.push(cause instanceof Error ? cause.message : String(cause));
  return new GpuError(`Kernel ${name} does not compile:\n${reasons.join("\n")}`, {
    cause,
    details: { kernel: name, messages: errors.map(({ message }) => message) },
  });
}

/** `12:5 error: unresolved identifier 'x'`, the line, and a caret under the place. */
function describeMessage(message: GPUCompilationMessage, code: string): string {
  const { lineNum, linePos, type } = message;
  const line = code.split("\n")[lineNum - 1];
  const head = `${lineNum}:${linePos} ${type}: ${message.message}`;
  return line === undefined ? head : `${head}\n  ${line}\n  ${" ".repeat(linePos - 1)}^`;
}
