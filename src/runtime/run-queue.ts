import { type Move, submitMove } from "./move.ts";
import type { PlanInstance } from "./plan-instance.ts";
import type { PlanEntry, Run } from "./run.ts";
import { type SubmitContext, submitRun } from "./submit.ts";

export type Task = Run | Move;

/** What the queue needs of its engine. */
export interface QueueHost {
  readonly start: () => Promise<unknown>;
  readonly instanceOf: (run: Run) => { entry: PlanEntry; instance: PlanInstance };
  readonly pin: (entry: PlanEntry) => void;
  readonly unpin: (entry: PlanEntry) => void;
  readonly context: () => SubmitContext;
  /** Lets go of what a task held while it waited. */
  readonly unbind: (task: Task) => void;
}

export const isMove = (task: Task): task is Move => "kind" in task;

/**
 * First in, first out. A run whose device or pipelines are not ready holds back all after it, so that
 * results never depend on how fast something compiles; submits in flight are bounded.
 */
export class RunQueue {
  readonly #host: QueueHost;
  /** Those that wait, from `#head` on; null in front of it: what is through must not hold on to its inputs. */
  #tasks: (Task | null)[] = [];
  #head = 0;
  #isPumping = false;
  #isStarted = false;
  #failure: Error | null = null;
  /** Tasks that are through, of all that were ever pushed. */
  #done = 0;
  readonly #waiters: { readonly until: number; readonly resolve: () => void }[] = [];

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

  /** Resolves when everything pushed so far is through, whatever comes meanwhile. */
  drained(): Promise<void> {
    const until = this.#done + this.#tasks.length - this.#head;
    if (until === this.#done) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push({ until, resolve }));
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
      const rest = submitRun(run, found.instance, context);
      if (rest) await rest;
      this.#host.unbind(run);
    } catch (error) {
      this.#reject(run, error as Error);
    } finally {
      if (entry) this.#host.unpin(entry);
    }
    return true;
  }

  #move(move: Move): void {
    try {
      submitMove(move, this.#host.context());
      this.#host.unbind(move);
    } catch (error) {
      this.#reject(move, error as Error);
    }
  }

  #reject(task: Task, error: Error): void {
    task.settle(error);
    if (!isMove(task)) for (const output of task.outputs) output.read?.reject(error);
    this.#host.unbind(task);
  }

  #advance(): void {
    this.#tasks[this.#head] = null;
    this.#head++;
    this.#done++;
    for (let [first] = this.#waiters; first && first.until <= this.#done; [first] = this.#waiters) {
      this.#waiters.shift();
      first.resolve();
    }
    if (this.#head > 256 && this.#head * 2 > this.#tasks.length) {
      this.#tasks = this.#tasks.slice(this.#head);
      this.#head = 0;
    }
  }
}
