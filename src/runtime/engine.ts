import type { Rules } from "../autograd/backward.ts";
import { type Canonical, canonicalize, type Request } from "../compiler/canonical.ts";
import { DisposedError, SluiceError, StaleReadError } from "../errors.ts";
import { acquireDevice, type DeviceOptions, type GpuDevice } from "../gpu/device.ts";
import { Faults } from "../gpu/faults.ts";
import { PipelineCache } from "../gpu/pipelines.ts";
import type { Platform } from "../gpu/platform.ts";
import { ReadbackPool } from "../gpu/readback.ts";
import { SubmitGate } from "../gpu/submission.ts";
import type { TypedArray } from "../graph/dtype.ts";
import type { Source } from "../graph/node.ts";
import type { Storage } from "../graph/storage.ts";
import type { KernelOptions } from "../kernels/dispatch.ts";
import { BufferPool } from "./blocks.ts";
import type { Counters } from "./counters.ts";
import { MemoryBook, type MemoryInfo } from "./memory-book.ts";
import { PlanCache } from "./plan-cache.ts";
import type { LeafSource, OutputTarget, Program, Run } from "./run.ts";
import { RunQueue } from "./run-queue.ts";
import { Scratch } from "./scratch.ts";
import { type SubmitContext, type Walker, walkInOnePass } from "./submit.ts";

/** What an engine is made of. */
export interface EngineOptions extends DeviceOptions {
  readonly platform: Platform;
  readonly rules: Rules;
  readonly kernels?: KernelOptions;
}

/** What to do with the outputs of a request. */
export interface Want {
  readonly keep: boolean;
  readonly read: boolean;
}

/** What `enqueue` gives back for one output. */
export interface Outcome {
  readonly storage: Storage | null;
  readonly data: Promise<TypedArray> | null;
}

/** The GPU side of an engine, made when the device is there. */
interface Machine {
  readonly gpu: GpuDevice;
  readonly pipelines: PipelineCache;
  readonly pool: BufferPool;
  readonly scratch: Scratch;
  readonly plans: PlanCache;
  readonly context: SubmitContext;
}

/** All mutable state: one device, its memory, its plans, the queue of what is to run. */
export class Engine {
  readonly rules: Rules;
  readonly book = new MemoryBook(this);
  /** Replaced while a profile is taken. */
  walker: Walker = walkInOnePass;
  readonly #options: EngineOptions;
  readonly #queue: RunQueue;
  readonly #health = new Map<Storage, Promise<Error | null>>();
  readonly #counts = { submits: 0, dispatches: 0, readbacks: 0 };
  #machine: Machine | null = null;
  #starting: Promise<Machine> | null = null;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.rules = options.rules;
    this.#queue = new RunQueue({
      start: () => this.#start(),
      instanceOf: (run) => {
        const machine = this.#machine as Machine;
        const entry = machine.plans.entryOf(run.program);
        return { entry, instance: machine.plans.instanceOf(entry) };
      },
      pin: (entry) => this.#machine?.plans.pin(entry),
      unpin: (entry) => this.#machine?.plans.unpin(entry, false),
      context: () => (this.#machine as Machine).context,
      unbind: (run) => this.#unbind(run),
    });
  }

  /** The device, acquired on first use. */
  async gpu(): Promise<GpuDevice> {
    return (await this.#start()).gpu;
  }

  /** The device if it is there already. */
  get gpuNow(): GpuDevice | null {
    return this.#machine?.gpu ?? null;
  }

  /** The device is gone; nothing can run here any more. */
  get isLost(): boolean {
    return this.#queue.failure !== null;
  }

  /** A program of a graph; its plan is looked up or compiled when it first runs. */
  program(request: Request): Program {
    const canonical = canonicalize(request, (storage) => {
      const { block, offset } = this.book.placeOf(storage);
      return { buffer: block.id, offset };
    });
    return { request, canonical, entry: null };
  }

  /**
   * Queues one run of a graph and returns at once. Everything that may change later (host numbers, places,
   * versions) is taken down now.
   * @throws {StaleReadError | DisposedError} when the graph reads what is no more.
   */
  enqueue(request: Request, wants: readonly Want[], label: string): Outcome[] {
    const program = this.program(request);
    checkFresh(program.canonical, this);
    return this.launch(program, { wants, args: [], label });
  }

  /** Queues one run of a program with these arguments. */
  launch(
    program: Program,
    { wants, args, label }: { wants: readonly Want[]; args: readonly Source[]; label: string },
  ): Outcome[] {
    if (this.#machine) this.#machine.plans.entryOf(program);
    const { canonical, request } = program;
    const leaves = canonical.leaves.map(({ source }) => this.#resolve(source, args));
    const scalars = canonical.scalars.map((scalar) => ({
      value: scalar.read(),
      dtype: scalar.dtype,
    }));
    const writes = request.writes.map(({ storage }) => ({
      storage,
      place: this.book.placeOf(storage),
    }));
    const outcomes: Outcome[] = [];
    const outputs = request.outputs.map((value, i): OutputTarget => {
      const want = wants[i] ?? { keep: true, read: false };
      const keep = want.keep
        ? this.book.create(value.spec, { kind: "result", name: value.node.op })
        : null;
      let read: OutputTarget["read"] = null;
      const data = want.read
        ? new Promise<TypedArray>((resolve, reject) => {
            read = { resolve, reject };
          })
        : null;
      outcomes.push({ storage: keep, data });
      return { keep, read };
    });
    const upstream = this.#upstreamOf(leaves);
    let settle: Run["settle"] = () => undefined;
    const health = new Promise<Error | null>((resolve) => {
      settle = resolve;
    });
    const { entry } = program;
    const run: Run = {
      ...{ label, program, entry, leaves, scalars, outputs, writes },
      ...{ upstream, settle, health },
    };
    this.#bind(run);
    this.#queue.push(run);
    return outcomes;
  }

  /** Puts variables side by side into one buffer, in this order. */
  pack(storages: readonly Storage[]): void {
    for (const move of this.book.pack(storages)) {
      this.#queue.push({ ...move, kind: "move" });
    }
  }

  /** A compiled function ends: its plan does too, unless others hold it. */
  release(program: Program): void {
    if (program.entry) this.#machine?.plans.unpin(program.entry, true);
  }

  /** Keeps a program's plan until `release`. */
  hold(program: Program): void {
    if (program.entry) this.#machine?.plans.pin(program.entry);
    else this.#queue.afterStart(() => this.#holdNow(program));
  }

  memory(): MemoryInfo {
    return this.book.info();
  }

  counters(): Counters {
    const machine = this.#machine;
    const plans = machine?.plans.counts() ?? { bindGroups: 0, buffers: 0 };
    return {
      ...this.#counts,
      buffersCreated: (machine?.pool.created ?? 0) + plans.buffers,
      bindGroupsCreated: plans.bindGroups,
      pipelinesCreated: machine?.pipelines.count ?? 0,
      plansCreated: machine?.plans.created ?? 0,
      scratchBytes: machine?.scratch.bytes ?? 0,
    };
  }

  /** Resolves when everything queued so far has been submitted; a few submits may be under way. */
  drained(): Promise<void> {
    return this.#queue.drained();
  }

  /** Resolves when everything queued so far has been submitted and the GPU is through. */
  async idle(): Promise<void> {
    await this.#queue.drained();
    await this.#machine?.context.gate.idle();
  }

  /** The plan of a graph, compiled now, without running it. */
  async explain(request: Request): Promise<Program> {
    const machine = await this.#start();
    const program = this.program(request);
    machine.plans.entryOf(program);
    return program;
  }

  #holdNow(program: Program): void {
    const machine = this.#machine;
    if (machine) machine.plans.pin(machine.plans.entryOf(program));
  }

  #resolve(source: Source, args: readonly Source[]): LeafSource {
    const actual = source.kind === "argument" ? args[source.index] : source;
    if (actual?.kind === "host") return actual;
    if (actual?.kind === "storage") {
      const { storage } = actual;
      if (storage.owner !== this) {
        throw new SluiceError(
          "engine",
          `"${storage.name}" belongs to another engine. Tensors of two devices do not mix: bring the data over with await t.data().`,
        );
      }
      return { kind: "place", place: this.book.placeOf(storage), storage };
    }
    throw new RangeError("an argument is not bound");
  }

  #bind(run: Run): void {
    if (run.entry) this.#machine?.plans.pin(run.entry);
    for (const leaf of run.leaves) if (leaf.kind === "place") this.book.pin(leaf.storage);
    for (const storage of this.#targets(run)) {
      this.book.pin(storage);
      this.#health.set(storage, run.health);
    }
    for (const { storage } of run.writes) storage.version++;
    const targets = this.#targets(run);
    void run.health.then((error) => {
      // Nothing went wrong: nobody need ask any more.
      if (error) return;
      for (const storage of targets) {
        if (this.#health.get(storage) === run.health) this.#health.delete(storage);
      }
    });
  }

  #unbind(run: Run): void {
    if (run.entry) this.#machine?.plans.unpin(run.entry, false);
    for (const leaf of run.leaves) if (leaf.kind === "place") this.book.unpin(leaf.storage);
    for (const storage of this.#targets(run)) this.book.unpin(storage);
  }

  #targets(run: Run): Storage[] {
    const kept = run.outputs.flatMap((output) => (output.keep ? [output.keep] : []));
    return [...kept, ...run.writes.map(({ storage }) => storage)];
  }

  #upstreamOf(leaves: readonly LeafSource[]): Promise<Error | null>[] {
    const found = new Set<Promise<Error | null>>();
    for (const leaf of leaves) {
      const health = leaf.kind === "place" ? this.#health.get(leaf.storage) : undefined;
      if (health) found.add(health);
    }
    return [...found];
  }

  #start(): Promise<Machine> {
    this.#starting ??= this.#build();
    return this.#starting;
  }

  async #build(): Promise<Machine> {
    const gpu = await acquireDevice(this.#options.platform, this.#options);
    const { device } = gpu;
    const pipelines = new PipelineCache(device);
    const pool = new BufferPool(device);
    const scratch = new Scratch(pool);
    const target = { limits: gpu.limits, options: this.#options.kernels ?? {} };
    const plans = new PlanCache(
      { rules: this.rules, target },
      { device, pipelines, pool, scratch },
    );
    this.book.usePool(pool);
    const context: SubmitContext = {
      device,
      gate: new SubmitGate(device.queue),
      book: this.book,
      readbacks: new ReadbackPool(device),
      faults: new Faults(gpu),
      isSlow: gpu.isFallback,
      isOwned: gpu.owned,
      count: (what, by) => {
        this.#counts[what] += by;
      },
      walk: (encoder, instance, groups, range) => this.walker(encoder, instance, groups, range),
    };
    this.#machine = { gpu, pipelines, pool, scratch, plans, context };
    void gpu.lost.then((loss) => this.#queue.fail(loss));
    return this.#machine;
  }
}

/** @throws when a leaf reads a variable that has changed, or memory that is gone. */
function checkFresh({ leaves }: Canonical, engine: Engine): void {
  for (const { source, value } of leaves) {
    if (source.kind !== "storage") continue;
    const { storage, version } = source;
    if (storage.disposed || !engine.book.has(storage)) {
      throw new DisposedError(
        `"${storage.name}" was disposed, but a tensor that is evaluated now still reads it. Evaluate ` +
          "before you dispose: `await t.data()`.",
      );
    }
    if (storage.kind === "variable" && storage.version !== version) {
      throw new StaleReadError(
        `A lazy tensor reads variable "${storage.name}" as it was before it changed (version ${version}, now ` +
          `${storage.version})${value.node.scope ? `, recorded in ${value.node.scope}` : ""}. Evaluate it before the ` +
          "update (await t.data()), or return it from the function that updates.",
        { details: { variable: storage.name, read: version, now: storage.version } },
      );
    }
  }
}
