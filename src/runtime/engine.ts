import { canonicalize, type Request } from "../compiler/canonical.ts";
import type { GpuDevice } from "../gpu/device.ts";
import type { TypedArray } from "../graph/dtype.ts";
import { Node, type Source } from "../graph/node.ts";
import type { Storage } from "../graph/storage.ts";
import type { KernelOptions } from "../kernels/kernel-options.ts";
import type { Counters } from "./counters.ts";
import { checkFresh, checkOwner } from "./fresh.ts";
import { HealthBook, pendingHealth } from "./health.ts";
import { buildMachine, type EngineOptions, type Machine } from "./machine.ts";
import { MemoryBook } from "./memory-book.ts";
import type { MemoryInfo } from "./memory-info.ts";
import type { LeafSource, OutputTarget, Program, Run } from "./run.ts";
import { isMove, RunQueue, type Task } from "./run-queue.ts";
import { type Walker, walkInOnePass } from "./submit.ts";
import { UnreadResults } from "./unread-results.ts";

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

/** All mutable state: one device, its memory, its plans, the queue of what is to run. */
export class Engine {
  readonly rules: EngineOptions["rules"];
  readonly kernels: KernelOptions;
  readonly book = new MemoryBook();
  /** Replaced while a profile is taken. */
  walker: Walker = walkInOnePass;
  readonly #options: EngineOptions;
  readonly #queue: RunQueue;
  readonly #health = new HealthBook();
  readonly #counts = { submits: 0, dispatches: 0, readbacks: 0 };
  /** Programs that are held before there is a device to compile them for. */
  readonly #awaiting = new Set<Program>();
  #machine: Machine | null = null;
  #starting: Promise<Machine> | null = null;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.rules = options.rules;
    this.kernels = options.kernels ?? {};
    this.book.unread = new UnreadResults((storage) => this.#bring(storage));
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
      unbind: (task) => this.#unbind(task),
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

  /**
   * A program of a graph; its plan is looked up or compiled when it first runs.
   * @throws {SluiceError | DisposedError} when a variable belongs to another engine, or is gone.
   */
  program(request: Request): Program {
    for (const { storage } of request.writes) checkOwner(storage, this.book);
    const canonical = canonicalize(request, (storage) => {
      checkOwner(storage, this.book);
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
    checkFresh(program.canonical, this.book);
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
    const sources = leaves.flatMap((leaf) => (leaf.kind === "place" ? [leaf.storage] : []));
    const upstream = this.#health.upstreamOf(sources);
    const { settle, health } = pendingHealth();
    const { entry } = program;
    const run: Run = {
      ...{ label, program, entry, leaves, scalars, outputs, writes },
      ...{ upstream, settle, health },
    };
    this.#bind(run);
    this.#queue.push(run);
    return outcomes;
  }

  /**
   * Where a storage lies, once everything queued so far has been submitted.
   * @throws what went wrong in the run that filled it.
   */
  async bufferOf(storage: Storage): Promise<{ buffer: GPUBuffer; offset: number }> {
    checkOwner(storage, this.book);
    const { context } = await this.#start();
    await this.#queue.drained();
    const error = await this.#health.of(storage);
    if (error) throw error;
    const { block, offset } = this.book.placeOf(storage);
    const made = context.faults.scope(`the memory of ${storage.name}`, () =>
      this.book.bufferOf(block, context.device.queue),
    );
    const failure = await made.error;
    if (failure) throw failure;
    return { buffer: made.result, offset };
  }

  /** Reads a storage as it is. */
  async #bring(storage: Storage): Promise<TypedArray> {
    const { spec, version } = storage;
    const source = { kind: "storage", storage, version } as const;
    const { outputs } = new Node("source", [], { outputs: [spec], source });
    const wants = [{ keep: false, read: true }];
    const [outcome] = this.enqueue({ outputs, writes: [] }, wants, storage.name);
    return outcome?.data as Promise<TypedArray>;
  }

  /** Puts variables side by side into one buffer, in this order. */
  pack(storages: readonly Storage[]): void {
    for (const storage of storages) checkOwner(storage, this.book);
    const upstream = this.#health.upstreamOf(storages);
    const { settle, health } = pendingHealth();
    const parts = this.book.pack(storages);
    this.#health.track(storages, health);
    this.#queue.push({ kind: "move", parts, upstream, settle });
  }

  /** A compiled function ends: its plan does too, unless others hold it. */
  release(program: Program): void {
    if (this.#awaiting.delete(program)) return;
    if (program.entry) this.#machine?.plans.unpin(program.entry, true);
  }

  /** Keeps a program's plan until `release`. */
  hold(program: Program): void {
    if (this.#machine) this.#machine.plans.pin(this.#machine.plans.entryOf(program));
    else this.#awaiting.add(program);
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

  /** Holds what was to be held before there was a device. */
  #holdAwaiting(machine: Machine): void {
    for (const program of this.#awaiting) {
      try {
        machine.plans.pin(machine.plans.entryOf(program));
      } catch {
        // It does not compile; its first run, which waits already, says so to whoever reads it.
      }
    }
    this.#awaiting.clear();
  }

  #resolve(source: Source, args: readonly Source[]): LeafSource {
    const actual = source.kind === "argument" ? args[source.index] : source;
    if (actual?.kind === "host") return actual;
    if (actual?.kind === "storage") {
      const { storage } = actual;
      checkOwner(storage, this.book);
      return { kind: "place", place: this.book.placeOf(storage), storage };
    }
    throw new RangeError("an argument is not bound");
  }

  #bind(run: Run): void {
    if (run.entry) this.#machine?.plans.pin(run.entry);
    for (const leaf of run.leaves) if (leaf.kind === "place") this.book.pin(leaf.storage);
    const targets = this.#targets(run);
    for (const storage of targets) this.book.pin(storage);
    this.#health.track(targets, run.health);
    for (const { storage } of run.writes) storage.version++;
  }

  #unbind(run: Task): void {
    if (isMove(run)) {
      this.book.settle(run.parts);
      return;
    }
    if (run.entry) this.#machine?.plans.unpin(run.entry, false);
    for (const leaf of run.leaves) if (leaf.kind === "place") this.book.unpin(leaf.storage);
    for (const storage of this.#targets(run)) this.book.unpin(storage);
  }

  #targets(run: Run): Storage[] {
    const kept = run.outputs.flatMap((output) => (output.keep ? [output.keep] : []));
    return [...kept, ...run.writes.map(({ storage }) => storage)];
  }

  #start(): Promise<Machine> {
    this.#starting ??= this.#build();
    return this.#starting;
  }

  async #build(): Promise<Machine> {
    const machine = await buildMachine(this.#options, {
      book: this.book,
      count: (what, by) => {
        this.#counts[what] += by;
      },
      walk: (encoder, instance, groups, range) => this.walker(encoder, instance, groups, range),
    });
    this.#machine = machine;
    this.#holdAwaiting(machine);
    void machine.gpu.lost.then((loss) => this.#queue.fail(loss));
    return machine;
  }
}
