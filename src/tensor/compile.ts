import { STAGED_BYTES } from "../compiler/plan.ts";
import { ArgumentError, DisposedError, TraceError } from "../errors.ts";
import { Node, type Source, type Value } from "../graph/node.ts";
import { formatSpec, specBytes } from "../graph/spec.ts";
import type { Storage } from "../graph/storage.ts";
import { topologicalOrder } from "../graph/traverse.ts";
import { isPlainObject } from "../names/plain-object.ts";
import { source } from "../ops/leaves.ts";
import type { Program } from "../runtime/run.ts";
import { type Constant, giveConstant, takeConstant } from "./constants.ts";
import { mapTensors, tensorsIn } from "./containers.ts";
import { currentEngine } from "./current.ts";
import { keepAs, sourceOf } from "./kept.ts";
import { newScopeState, openScope, type ScopeState, within } from "./scope-state.ts";
import { Tensor } from "./tensor.ts";
import { Variable } from "./variable.ts";

/** A recording holds a plan and what it captured, so a function has no more of them than this. */
const MOST_RECORDINGS = 64;

/** A function that was compiled; call it as the original. */
export type Compiled<Args extends unknown[], Result> = ((...args: Args) => Result) & {
  /** Ends its plans and the tensors that it captured. */
  dispose(): void;
};

/**
 * Makes a function fast to call again: the first call with given shapes records it and compiles a plan,
 * later ones replay the plan without running the function.
 *
 * Tensor arguments are run-time inputs; numbers, strings and booleans are part of what is recorded (a new
 * value records anew). Variables are read as they are at each call, and assignments and optimizer steps
 * inside happen at each call. JavaScript values that the function captures stay as they were when it was
 * recorded. Random operations draw new numbers at each call.
 *
 * At most 64 recordings are kept; beyond them the least recently used ends, with one warning. Pass what changes
 * at each call as a tensor.
 *
 * @throws {TraceError} for `data()` inside, an async function, or a result that is no tensor.
 * @example
 * const w = sl.variable(0.5);
 * const step = sl.compile((x: sl.Tensor) => x.mul(w));
 * await step(sl.tensor([1, 2])).data(); // [0.5, 1]
 */
export function compile<Args extends unknown[], Result>(
  fn: (...args: Args) => Result,
): Compiled<Args, Result> {
  if (typeof fn !== "function") {
    throw new ArgumentError(`compile: received ${typeof fn}. Expected a function.`);
  }
  const traces = new Map<string, Trace>();
  let isDisposed = false;
  const call = (...args: Args): Result => {
    // Inside another recording it is just a part of that.
    if (openScope()) return fn(...args);
    if (isDisposed)
      throw new DisposedError("compile: the function was disposed. Compile it again.");
    const tensors = inputsIn(args);
    const sources = tensors.map(inputSource);
    const key = signature(args, sources);
    let trace = traces.get(key);
    traces.delete(key);
    if (!trace?.isCurrent) {
      trace?.dispose();
      trace = new Trace(fn as (...args: unknown[]) => unknown, { args, tensors, sources });
    }
    traces.set(key, trace);
    endOldest();
    return trace.run(sources) as Result;
  };
  let hasWarned = false;
  /** In a map the least recently used stands first. */
  const endOldest = (): void => {
    const [oldest] = traces;
    if (traces.size <= MOST_RECORDINGS || !oldest) return;
    traces.delete(oldest[0]);
    oldest[1].dispose();
    if (hasWarned) return;
    hasWarned = true;
    console.warn(
      `sluice: a compiled function${fn.name ? ` ("${fn.name}")` : ""} was recorded for more than ${MOST_RECORDINGS} ` +
        "signatures; the least recently used recordings end. Numbers are part of a signature: pass what changes at " +
        "each call as a tensor, and pad or bucket what has many shapes.",
    );
  };
  const dispose = (): void => {
    isDisposed = true;
    for (const trace of traces.values()) trace.dispose();
    traces.clear();
  };
  return Object.assign(call, { dispose });
}

/** One recording of a function for one signature. */
class Trace {
  readonly #engine = currentEngine();
  readonly #label: string;
  readonly #result: unknown;
  readonly #values: readonly Value[];
  readonly #state: ScopeState;
  /** Where that lies which was captured: the recording's own list, because others may let go of it. */
  readonly #captured = new Map<Value, Source>();
  readonly #held: Storage[] = [];
  readonly #constants: Constant[] = [];
  #program: Program;
  #epoch: number;

  constructor(
    fn: (...args: unknown[]) => unknown,
    { args, tensors, sources }: { args: unknown[]; tensors: Tensor[]; sources: Source[] },
  ) {
    this.#label = fn.name || "compiled";
    const firstId = new Node("source", [], { outputs: [] }).id;
    const placeholders = tensors.map((tensor, index) => {
      const from = sources[index] as Source;
      const staged = isStaged(from, tensor);
      return Tensor.of(source(tensor.value.spec, { kind: "argument", index, staged }));
    });
    const state = newScopeState(true);
    this.#state = state;
    const inner = replaceTensors(args, [...placeholders]) as unknown[];
    this.#result = within(state, () => fn(...inner));
    if (this.#result instanceof Promise) {
      throw new TraceError(
        "compile: received an async function. Expected one that returns its tensors at once.",
      );
    }
    this.#values = inputsIn(this.#result).map((tensor) => within(state, () => tensor.value));
    this.#capture(firstId);
    this.#program = this.#makeProgram();
    this.#epoch = this.#engine.book.epoch;
  }

  /** Recorded for the device in use now. */
  get isCurrent(): boolean {
    return this.#engine === currentEngine();
  }

  run(sources: readonly Source[]): unknown {
    const engine = this.#engine;
    if (engine.book.epoch !== this.#epoch) {
      // A variable has moved: places are part of a plan's key.
      engine.release(this.#program);
      this.#program = this.#makeProgram();
      this.#epoch = engine.book.epoch;
    }
    const wants = this.#values.map(() => ({ keep: true, read: false }));
    const outcomes = engine.launch(this.#program, { wants, args: sources, label: this.#label });
    const outputs = this.#values.map((value, i) => {
      const storage = outcomes[i]?.storage as Storage;
      return Tensor.of(source(value.spec, { kind: "storage", storage, version: storage.version }));
    });
    Tensor.group(outputs);
    return replaceTensors(this.#result, outputs);
  }

  dispose(): void {
    const engine = this.#engine;
    engine.release(this.#program);
    for (const storage of this.#held) engine.book.unpin(storage);
    for (const constant of this.#constants) giveConstant(constant);
  }

  #makeProgram(): Program {
    const writes = [...this.#state.writes].map(([storage, value]) => ({ storage, value }));
    const program = this.#engine.program({
      outputs: this.#values,
      writes,
      kept: this.#captured,
    });
    this.#engine.hold(program);
    return program;
  }

  /**
   * What the function captured from outside: lazy tensors are computed once, now; host data is uploaded
   * once; both stay on the GPU as long as the trace lives.
   */
  #capture(firstId: number): void {
    const { book } = this.#engine;
    const roots = [...this.#values, ...this.#state.writes.values()];
    const lazy = new Set<Value>();
    const consider = (value: Value): void => {
      if (sourceOf(value) === null && value.node.id < firstId && value.node.inputs.length > 0)
        lazy.add(value);
    };
    for (const root of roots) consider(root);
    const nodes = topologicalOrder(roots);
    for (const node of nodes)
      if (node.id > firstId) for (const input of node.inputs) consider(input);
    const outputs = [...lazy];
    if (outputs.length > 0) {
      const wants = outputs.map(() => ({ keep: true, read: false }));
      const kept = currentEngine().enqueue({ outputs, writes: [] }, wants, "captured");
      outputs.forEach((value, i) => {
        keepAs(value, kept[i]?.storage ?? null);
      });
    }
    const leaves = new Set<Value>(roots.filter((root) => sourceOf(root) !== null));
    for (const node of topologicalOrder(roots)) {
      for (const value of [...node.inputs, ...node.outputs]) if (sourceOf(value)) leaves.add(value);
    }
    for (const value of leaves) {
      const from = sourceOf(value);
      if (from?.kind === "host") {
        const constant = takeConstant(value, from.data);
        this.#constants.push(constant);
        this.#captured.set(value, { kind: "storage", storage: constant.storage, version: 0 });
      } else if (from?.kind === "storage" && from.storage.kind !== "variable") {
        book.pin(from.storage);
        this.#held.push(from.storage);
        this.#captured.set(value, from);
      }
    }
  }
}

/** Where an argument's data lies; a lazy one is computed first. */
function inputSource(tensor: Tensor): Source {
  const known = sourceOf(tensor.value);
  if (known) return known;
  const { value } = tensor;
  const wants = [{ keep: true, read: false }];
  const [outcome] = currentEngine().enqueue({ outputs: [value], writes: [] }, wants, "argument");
  keepAs(value, outcome?.storage ?? null);
  return sourceOf(value) as Source;
}

function isStaged(from: Source, tensor: Tensor): boolean {
  return from.kind === "host" || specBytes(tensor.value.spec) <= STAGED_BYTES;
}

/** Equal signatures replay the same recording. */
function signature(args: readonly unknown[], sources: readonly Source[]): string {
  let next = 0;
  const describe = (item: unknown): string => {
    if (item instanceof Variable) return `variable ${item.id}`;
    if (item instanceof Tensor) {
      const from = sources[next++] as Source;
      return `${formatSpec(item.value.spec)}${isStaged(from, item) ? "" : "*"}`;
    }
    if (Array.isArray(item)) return `[${item.map(describe).join()}]`;
    if (isPlainObject(item)) {
      return `{${Object.entries(item)
        .map(([key, value]) => `${JSON.stringify(key)}:${describe(value)}`)
        .join()}}`;
    }
    if (
      item === undefined ||
      item === null ||
      ["number", "string", "boolean"].includes(typeof item)
    ) {
      // JSON marks where a string ends; -0 and 0 are not the same number.
      const text = typeof item === "string" ? JSON.stringify(item) : String(item);
      return Object.is(item, -0) ? "number -0" : `${typeof item} ${text}`;
    }
    throw new ArgumentError(
      `compile: received an argument of type ${typeof item}. Expected tensors, numbers, strings, booleans, or ` +
        "arrays and plain objects of them; capture anything else in the function.",
    );
  };
  return args.map(describe).join("|");
}

/** The tensors in arguments or results; a variable is itself, whatever its content. */
function inputsIn(container: unknown): Tensor[] {
  return tensorsIn(container).filter((tensor) => !(tensor instanceof Variable));
}

/** `container` with its tensors replaced, in the order of `inputsIn`. */
function replaceTensors(container: unknown, replacements: Tensor[]): unknown {
  const rest = [...replacements];
  return mapTensors(container, (tensor) => (tensor instanceof Variable ? tensor : rest.shift()));
}
