import type { Allocation } from "./memory-book.ts";
import type { PlanInstance } from "./plan-instance.ts";
import type { PlanEntry, Run } from "./run.ts";
import { type SubmitContext, submitRun } from "./submit.ts";

/** A variable's content goes to another place. */
export interface Move {
  readonly kind: "move";
  readonly from: Allocation;
  readonly to: Allocation;
  readonly bytes: number;
}

type Task = Run | Move;

/** What the queue needs of its engine. */
export interface QueueHost {
  readonly start: () => Promise<unknown>;
  readonly instanceOf: (run: Run) => { entry: PlanEntry; instance: PlanInstance };
  readonly pin: (entry: PlanEntry) => void;
  readonly unpin: (entry: PlanEntry) => void;
  readonly context: () => SubmitContext;
  readonly unbind: (run: Run) => void;
}

const isMove = (task: Task): task is Move => "kind" in task;

/**
 * First in, first out. A run whose device or pipelines are not ready holds back all after it, so that
 * results never depend on how fast something compiles; submits in flight are bounded.
 */
export class RunQueue {
  readonly #host: QueueHost;
  #tasks: Task[] = [];
  #head = 0;
  #isPumping = false;
  #isStarted = false;
  #failure: Error | null = null;
  #waiters: (() => void)[] = [];

  constructor(host: QueueHost) {
    this.#host = host;
  }

  push(task: Task): void {
    this.#tasks.push(task);
    if (!this.#isPumping) void this.#pump();
  }

  /** Why nothing will run any more; null while all is well. */
  get failure(): Error | null {
    return this.#failure;
  }

  /** Resolves when nothing waits any more. */
  drained(): Promise<void> {
    if (this.#head >= this.#tasks.length && !this.#isPumping) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** The device is gone: everything that waits and everything to come ends with `error`. */
  fail(error: Error): void {
    this.#failure = error;
    if (!this.#isPumping) void this.#pump();
  }

  async #pump(): Promise<void> {
    this.#isPumping = true;
    try {
      if (!this.#isStarted) await this.#start();
      while (this.#head < this.#tasks.length) {
        const task = this.#tasks[this.#head] as Task;
        if (this.#failure) this.#reject(task, this.#failure);
        else if (isMove(task)) this.#move(task);
        else if (!(await this.#run(task))) continue;
        this.#advance();
      }
    } finally {
      this.#isPumping = false;
      for (const resolve of this.#waiters.splice(0)) resolve();
    }
  }

  async #start(): Promise<void> {
    try {
      await this.#host.start();
    } catch (error) {
      this.#failure = error as Error;
    }
    this.#isStarted = true;
  }

  /** @returns whether the task is through (with success or failure). */
  async #run(run: Run): Promise<boolean> {
    let entry: PlanEntry | null = null;
    try {
      const found = this.#host.instanceOf(run);
      entry = found.entry;
      this.#host.pin(entry);
      if (!found.instance.isReady) await found.instance.ready;
      const context = this.#host.context();
      if (!context.gate.free) await context.gate.whenFree();
      if (this.#failure) return false;
      submitRun(run, found.instance, context);
      this.#host.unbind(run);
    } catch (error) {
      this.#reject(run, error as Error);
    } finally {
      if (entry) this.#host.unpin(entry);
    }
    return true;
  }

  #move({ from, to, bytes }: Move): void {
    const { device, book, gate } = this.#host.context();
    const source = book.bufferOf(from.block, device.queue);
    const target = book.bufferOf(to.block, device.queue);
    const encoder = device.createCommandEncoder({ label: "sluice pack variables" });
    if (bytes > 0) encoder.copyBufferToBuffer(source, from.offset, target, to.offset, bytes);
    gate.submit([encoder.finish()]);
    book.leave(from, bytes);
  }

  #reject(task: Task, error: Error): void {
    if (isMove(task)) return;
    task.settle(error);
    for (const output of task.outputs) output.read?.reject(error);
    this.#host.unbind(task);
  }

  #advance(): void {
    this.#head++;
    if (this.#head > 256 && this.#head * 2 > this.#tasks.length) {
      this.#tasks = this.#tasks.slice(this.#head);
      this.#head = 0;
    }
  }
}
