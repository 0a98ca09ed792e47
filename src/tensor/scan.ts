import { ArgumentError, DTypeError, ShapeError, TraceError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { formatShape, shapesEqual } from "../graph/shape.ts";
import { describeValue } from "../names/describe.ts";
import { ops } from "../ops/index.ts";
import { stepNumber, withStepNumber } from "../ops/step-number.ts";
import { mapTensors, tensorsIn } from "./containers.ts";
import { checkFunction } from "./gradients.ts";
import { newBodyState, within } from "./scope-state.ts";
import { Tensor } from "./tensor.ts";

/** A nest of arrays and plain objects as the body gets and gives it: tensors in place of variables. */
export type Carried<T> = T extends Tensor ? Tensor : { readonly [Key in keyof T]: Carried<T[Key]> };

/** What `scan` takes beside the body and its tensors. */
export interface ScanOptions {
  /** The axis of time, in `xs` and in what is stacked. Default 0; batches of sequences [B, T, …] have 1. */
  readonly axis?: number;
  /** From the last step to the first. What is stacked stays at the place of its step. Default false. */
  readonly reverse?: boolean;
  /** The number of steps where there are no `xs`. */
  readonly length?: number;
}

/**
 * A loop on the GPU: `[carry, y] = fn(carry, x)` for each step in turn. The body is recorded once and planned once,
 * however many steps there are; the loop is part of the plan around it, and nothing waits between its steps. Gradients
 * flow through it, of any order: the gradient is the reverse loop, which keeps the carries of every step and
 * computes the rest of a step again.
 *
 * @param fn gives `[carry, y]`: the new carry, of the same shapes and dtypes, and what is to be stacked, or null. It runs
 *   once; what it captures from outside is the same at each step. Random operations draw other numbers at each step, also
 *   under a given seed.
 * @param carry what the first step gets: a tensor, or arrays and plain objects of them.
 * @param xs what the steps read, piece by piece along `axis`: such a nest as well, all of one length; null for none.
 * @returns the last carry, and the stacked `y`s.
 * @throws {ShapeError | DTypeError} when a carry changes its shape or dtype, or lengths differ.
 * @throws {ArgumentError} for what holds no tensors, and without a length.
 * @throws {TraceError} when the body assigns to a variable, waits for `data()`, or is asynchronous.
 * @example
 * const xs = sl.tensor([1, 2, 3, 4]);
 * const [sum, sums] = sl.scan((carry, x) => [carry.add(x), carry.add(x)], sl.scalar(0), xs);
 * await sums.data(); // [1, 3, 6, 10]
 * @see JAX `jax.lax.scan`, TensorFlow `tf.scan`, ONNX `Scan`
 */
export function scan<const Carry, const Xs, Y>(
  fn: (carry: Carried<Carry>, x: Carried<Xs>) => readonly [Carried<Carry>, Y],
  carry: Carry,
  xs: Xs,
  options: ScanOptions = {},
): [Carried<Carry>, Carried<Y>] {
  checkFunction(fn, "scan");
  const { axis = 0, reverse = false } = options;
  const initial = valuesIn(carry, "the carry");
  const sequences = valuesIn(xs, "xs");
  const length = lengthOf(sequences, options);
  const carries = initial.map((value) => ops.mark(value.spec));
  const pieces = sequences.map(({ shape, dtype }) =>
    ops.mark({ shape: shape.filter((_, i) => i !== axis), dtype }),
  );
  const number = ops.mark({ shape: [], dtype: "int32" });
  const outer = stepNumber();
  const state = newBodyState();
  const assigned = new Map(state.writes);
  const given: unknown = within(state, () => {
    const taken = outer
      ? ops.add(ops.mul(outer, ops.literal(length, [], "int32")), number)
      : number;
    return withStepNumber(taken, () =>
      (fn as (carry: unknown, x: unknown) => unknown)(filled(carry, carries), filled(xs, pieces)),
    );
  });
  const [after, y] = resultOf(given);
  for (const [storage, value] of state.writes) {
    if (assigned.get(storage) === value) continue;
    throw new TraceError(
      `scan: the body assigns to variable "${storage.name}", which a step of a loop cannot. Expected what changes from ` +
        "step to step in the carry; assign the last carry after the loop.",
    );
  }
  const next = valuesIn(after, "the carry that the body gives");
  checkCarry(initial, next);
  const stacked = valuesIn(y, "y");
  for (const { shape } of stacked) checkAxis(axis, shape.length, "what the body gives as y");
  const result = ops.scan({
    carries: initial.map((value, i) => ({
      initial: value,
      mark: carries[i] as Value,
      next: next[i] as Value,
    })),
    xs: [
      ...sequences.map((whole, i) => ({ whole, mark: pieces[i] as Value, axis })),
      { whole: ops.range(length), mark: number, axis: 0 },
    ],
    ys: stacked.map((value) => ({ value, axis })),
    length,
    reverse,
  });
  const results = [filled(carry, result.carries), filled(y, result.ys)];
  Tensor.group(tensorsIn(results));
  return results as [Carried<Carry>, Carried<Y>];
}

/** The container with these values as its tensors. */
function filled(container: unknown, values: readonly Value[]): unknown {
  const rest = [...values];
  return mapTensors(container, () => Tensor.of(rest.shift() as Value));
}

/** @throws {ArgumentError} where something is neither a tensor, nor null, nor a nest of them. */
function valuesIn(container: unknown, what: string): Value[] {
  const visit = (item: unknown): void => {
    if (item === null || item === undefined || item instanceof Tensor) return;
    const isNest =
      Array.isArray(item) ||
      (typeof item === "object" && Object.getPrototypeOf(item) === Object.prototype);
    if (!isNest) {
      throw new ArgumentError(
        `scan: ${what} holds ${describeValue(item)}. Expected tensors, or arrays and plain objects of them; make a ` +
          "tensor of a number by sl.scalar(number).",
      );
    }
    for (const one of Object.values(item)) visit(one);
  };
  visit(container);
  return tensorsIn(container).map((tensor) => tensor.value);
}

function lengthOf(sequences: readonly Value[], { axis = 0, length }: ScanOptions): number {
  const lengths = sequences.map(({ shape }) => {
    checkAxis(axis, shape.length - 1, "a tensor of xs");
    return shape[axis] ?? 0;
  });
  const found = length ?? lengths[0];
  if (found === undefined) {
    throw new ArgumentError(
      "scan: received neither xs nor a length. Expected the number of steps: { length: 10 }.",
    );
  }
  if (!Number.isInteger(found) || found < 1) {
    throw new ArgumentError(`scan: received ${found} steps. Expected a whole number from 1 up.`);
  }
  if (lengths.some((one) => one !== found)) {
    throw new ShapeError(
      `scan: received ${sequences.map(({ shape }) => formatShape(shape)).join(", ")} as xs${length === undefined ? "" : ` and length ${length}`}. ` +
        `Expected the same number of steps everywhere along axis ${axis}.`,
      { details: { lengths, axis } },
    );
  }
  return found;
}

function checkAxis(axis: number, most: number, what: string): void {
  if (Number.isInteger(axis) && axis >= 0 && axis <= most) return;
  throw new ShapeError(
    `scan: axis ${axis} of ${what}, which has room for 0 to ${most}. Expected an axis that each of them has.`,
    { details: { axis, most } },
  );
}

function resultOf(given: unknown): readonly [unknown, unknown] {
  if (given instanceof Promise) {
    throw new TraceError(
      "scan: received an async function. Expected one that gives its tensors at once.",
    );
  }
  if (Array.isArray(given) && given.length === 2) return [given[0], given[1]];
  throw new ArgumentError(
    `scan: the body gave ${describeValue(given)}. Expected [carry, y]; [carry, null] where nothing is stacked.`,
  );
}

function checkCarry(before: readonly Value[], after: readonly Value[]): void {
  if (before.length !== after.length) {
    throw new ArgumentError(
      `scan: the carry has ${before.length} tensors, the body gave ${after.length}. Expected the same nest.`,
    );
  }
  after.forEach(({ shape, dtype }, i) => {
    const was = before[i] as Value;
    if (!shapesEqual(shape, was.shape)) {
      throw new ShapeError(
        `scan: tensor ${i} of the carry has shape ${formatShape(was.shape)}, the body gave ${formatShape(shape)}. ` +
          "Expected the same shape at every step.",
        { details: { received: shape, expected: was.shape } },
      );
    }
    if (dtype !== was.dtype) {
      throw new DTypeError(
        `scan: tensor ${i} of the carry is ${was.dtype}, the body gave ${dtype}. Expected the same dtype at every ` +
          `step; use cast("${was.dtype}").`,
      );
    }
  });
}
