import { DisposedError, DTypeError, ShapeError, TraceError } from "../errors.ts";
import type { DType } from "../graph/dtype.ts";
import type { Node, Value } from "../graph/node.ts";
import { formatShape, shapesEqual } from "../graph/shape.ts";
import { formatSpec } from "../graph/spec.ts";
import type { Storage } from "../graph/storage.ts";
import { topologicalOrder } from "../graph/traverse.ts";
import { readLeaf } from "../ops/leaves.ts";
import { type TensorLike, toTensor } from "./convert.ts";
import { currentEngine } from "./current.ts";
import { sourceOf } from "./kept.ts";
import { scope } from "./scope.ts";
import { isTracing, openScope } from "./scope-state.ts";
import { Tensor } from "./tensor.ts";

let nextName = 0;
const watchers: Set<Variable>[] = [];
/** Variables that were not disposed, by name; gradients are keyed by it. */
const byName = new Map<string, Set<Variable>>();

/**
 * A tensor that changes in place: a weight, a state, a counter. It owns GPU memory until `dispose()`.
 * Reading it records its content as it is now; a lazy tensor that is evaluated after the variable changed
 * throws `StaleReadError`, never the wrong numbers.
 */
export class Variable extends Tensor {
  /** Unique unless you gave it; gradients are keyed by it. */
  readonly name: string;
  /** Whether `variableGrads` and optimizers take it by default. */
  trainable: boolean;
  /** What optimizers apply to it after each update, or null. It gives a tensor of the same shape. */
  constraint: ((value: Tensor) => Tensor) | null = null;
  /** @internal */
  readonly storage: Storage;
  #leaf: Value;

  /** @internal See `variable`. */
  constructor(storage: Storage, leaf: Value, trainable: boolean) {
    super(leaf);
    this.storage = storage;
    this.name = storage.name;
    this.trainable = trainable;
    this.#leaf = leaf;
    byName.set(this.name, (byName.get(this.name) ?? new Set()).add(this));
  }

  /** @internal The content as the program sees it now: what the open scope assigned, or what is stored. */
  override get value(): Value {
    if (this.storage.disposed) {
      throw new DisposedError(
        `Variable "${this.name}" was used after dispose(). Dispose it (or its model) after its last use.`,
      );
    }
    for (const seen of watchers) seen.add(this);
    const assigned = openScope()?.writes.get(this.storage);
    if (assigned) return assigned;
    const from = this.#leaf.node.source;
    if (from?.kind === "storage" && from.version !== this.storage.version) {
      this.#leaf = readLeaf(this.storage);
    }
    return this.#leaf;
  }

  override get isDisposed(): boolean {
    return this.storage.disposed;
  }

  override get isPending(): boolean {
    return !this.isDisposed && sourceOf(this.value) === null;
  }

  override get isMutable(): boolean {
    return true;
  }

  /**
   * Gives the variable new content, in order with everything else that runs.
   *
   * @param newValue same shape and dtype.
   * @throws {ShapeError | DTypeError} when it differs.
   * @example
   * const steps = sl.variable(sl.scalar(0));
   * steps.assign(steps.add(1));
   */
  assign(newValue: TensorLike): this {
    const tensor = toTensor(newValue, `assign to "${this.name}"`, this.dtype);
    if (!shapesEqual(tensor.shape, this.shape)) {
      throw new ShapeError(
        `assign: received shape ${formatShape(tensor.shape)} for variable "${this.name}" of shape ` +
          `${formatShape(this.shape)}. Expected the same shape.`,
      );
    }
    if (tensor.dtype !== this.dtype) {
      throw new DTypeError(
        `assign: received ${tensor.dtype} for variable "${this.name}" of ${this.dtype}. Expected the same ` +
          `dtype; use cast("${this.dtype}").`,
      );
    }
    scope("assign", () => {
      const content = tensor.value;
      openScope()?.writes.set(this.storage, content);
    });
    return this;
  }

  /** Frees the memory at once. Tensors that still read the variable can no longer be evaluated. */
  override dispose(): void {
    const namesakes = byName.get(this.name);
    namesakes?.delete(this);
    if (namesakes?.size === 0) byName.delete(this.name);
    this.storage.owner.release(this.storage);
  }

  override toString(): string {
    return `Variable "${this.name}" ${formatSpec(this.storage.spec)}`;
  }
}

/**
 * Makes a variable.
 *
 * @param initialValue its first content; host data is uploaded as it is.
 * @param trainable whether gradients are taken for it by default. Default true.
 * @param name for messages and gradients. Default `variable_N`.
 * @param dtype default: that of the initial value.
 * @throws {DTypeError | ShapeError} for what is no tensor data.
 * @example
 * const w = sl.variable(sl.zeros([3, 2]), true, "w"); // [3, 2]
 */
export function variable(
  initialValue: TensorLike,
  trainable = true,
  name?: string,
  dtype?: DType,
): Variable {
  const initial = toTensor(initialValue, "variable", dtype);
  const spec = { shape: initial.shape, dtype: dtype ?? initial.dtype };
  const from = sourceOf(initial.value);
  const label = name ?? `variable_${nextName++}`;
  const hostData = from?.kind === "host" && spec.dtype === initial.dtype ? from.data : undefined;
  const options = { kind: "variable", name: label } as const;
  const storage = currentEngine().book.create(
    spec,
    hostData ? { ...options, data: hostData.slice() } : options,
  );
  const made = new Variable(storage, readLeaf(storage), trainable);
  if (hostData) return made;
  // The first content is given once: a compiled function that makes a variable must not do so at each call.
  if (isTracing()) storeNow(made, initial);
  else made.assign(initial);
  return made;
}

function storeNow(made: Variable, { value }: Tensor): void {
  const isArgument = (node: Node): boolean => node.source?.kind === "argument";
  if (topologicalOrder([value]).some(isArgument)) {
    throw new TraceError(
      `variable: the first content of "${made.name}" depends on arguments of the function that is being ` +
        "compiled. Expected one that does not: make it from zeros and assign to it.",
    );
  }
  const writes = [{ storage: made.storage, value }];
  currentEngine().enqueue({ outputs: [], writes }, [], `variable ${made.name}`);
}

/** The variables of this name, as a rule one. */
export function variablesNamed(name: string): Variable[] {
  return [...(byName.get(name) ?? [])];
}

/** Runs `body` and tells which variables it read. */
export function watchReads<T>(body: () => T): { result: T; read: Variable[] } {
  const seen = new Set<Variable>();
  watchers.push(seen);
  try {
    return { result: body(), read: [...seen] };
  } finally {
    watchers.splice(watchers.indexOf(seen), 1);
  }
}
