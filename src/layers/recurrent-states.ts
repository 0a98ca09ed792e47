import { ArgumentError, ShapeError } from "../errors.ts";
import { formatShape, type Shape, shapesEqual, sizeOf } from "../graph/shape.ts";
import { describeValue } from "../names/describe.ts";
import {
  cast,
  scope,
  Tensor,
  type TensorLike,
  tensor,
  toTensor,
  type Variable,
  variable,
} from "../tensor/index.ts";
import type { LayerShape } from "./layer-shape.ts";
import type { States } from "./recurrent-config.ts";
import { noteMade, takeFromBudget } from "./weight-budget.ts";

/** How the states of a stateful layer begin. */
export interface StateOptions {
  /** Of the sequence, batch first. */
  readonly inputShape: LayerShape;
  /** Size of each state: it has shape [B, size]. */
  readonly sizes: readonly number[];
  /** First values, for a batch of `size` examples. */
  readonly initial: (size: number) => States;
}

/** The states that a stateful layer carries from batch to batch: variables [B, size]. */
export class StateVariables {
  readonly #layer: string;
  readonly #names: readonly string[];
  readonly #variables: readonly Variable[];
  readonly #initial: () => States;

  /** @throws {ArgumentError} when the batch size of `inputShape` is not known. */
  constructor(layer: string, names: readonly string[], options: StateOptions) {
    const [batch = null] = options.inputShape;
    if (batch === null) {
      throw new ArgumentError(
        `${layer}: a stateful layer received a batch of unknown size. Expected a fixed one: give ` +
          "the layer batchInputShape, or batchSize beside inputShape.",
      );
    }
    this.#layer = layer;
    this.#initial = () => options.initial(batch);
    this.#names = names.map((name) => `state_${name}`);
    const shapes = options.sizes.map((size) => [batch, size]);
    const labels = this.#names.map((name) => `${layer}/${name}`);
    const loaded = labels.map((label, i) => takeFromBudget(label, shapes[i] ?? []));
    const first = loaded.includes(true) ? shapes.map(hostZeros) : this.#initial();
    this.#variables = first.map((state, i) => noteMade(variable(state, false, labels[i])));
  }

  /**
   * The states, for a batch of `size` examples.
   * @throws {ShapeError} when they are those of another batch size.
   */
  forBatch(size: number): States {
    const kept = this.#variables[0]?.shape[0];
    if (kept === size) return this.#variables;
    throw new ShapeError(
      `${this.#layer}: received a batch of ${size}. The layer is stateful and keeps the states ` +
        `of ${kept} examples; expected batches of ${kept}.`,
      { details: { received: size, expected: kept } },
    );
  }

  /** The variables by name. */
  byName(): (readonly [string, Variable])[] {
    return this.#variables.map((state, i) => [this.#names[i] ?? "", state]);
  }

  write(states: States): void {
    states.forEach((state, i) => {
      this.#variables[i]?.assign(cast(state, "float32"));
    });
  }

  /**
   * Sets the states to `values`, or to those they began with.
   * @throws {ArgumentError} when the number of values is wrong.
   * @throws {ShapeError} when a shape is.
   */
  reset(values?: readonly TensorLike[]): void {
    scope(`${this.#layer}/resetStates`, () => {
      if (values === undefined) {
        this.write(this.#initial());
        return;
      }
      const shapes = this.#variables.map(({ shape }) => shape);
      const states = statesFrom(this.#layer, values, shapes.length);
      this.write(checkStates(this.#layer, states, shapes));
    });
  }

  dispose(): number {
    for (const state of this.#variables) state.dispose();
    return this.#variables.length;
  }
}

/**
 * The states that a call was given as tensors: one or several, each a tensor or nested arrays. null means none, as
 * does undefined.
 * @param count Number of states of the layer: one state alone needs no list around it.
 * @throws {ArgumentError | ShapeError | DTypeError} for what is no tensor.
 */
export function statesFrom(layer: string, given: unknown, count: number): readonly Tensor[] {
  if (given === undefined || given === null) return [];
  if (given instanceof Tensor || ArrayBuffer.isView(given) || isMatrix(given)) {
    return [toTensor(given as TensorLike, `${layer} initialState`)];
  }
  if (Array.isArray(given)) {
    // For stacked cells a list in the list is the states of one, as Keras nests them.
    const states: unknown[] = given.flatMap((item) => (isTensorList(item) ? item : [item]));
    return states.map((item) => toTensor(item as TensorLike, `${layer} initialState`));
  }
  const expected = count === 1 ? "a tensor" : `a list of ${count} tensors`;
  throw new ArgumentError(
    `${layer}: received ${describeValue(given)} as initialState. Expected ${expected} of shape [batch, units].`,
  );
}

function isTensorList(given: unknown): given is readonly Tensor[] {
  return Array.isArray(given) && given.some((one) => one instanceof Tensor);
}

/** Whether these are the rows of one state: lists of numbers. */
function isMatrix(given: unknown): boolean {
  return (
    Array.isArray(given) &&
    given.length > 0 &&
    given.every((row) => Array.isArray(row) && typeof row[0] === "number")
  );
}

/**
 * The states when their number and shapes fit.
 * @param shapes Those that are expected, in order.
 * @throws {ArgumentError | ShapeError} otherwise.
 */
export function checkStates(
  layer: string,
  states: readonly Tensor[],
  shapes: readonly Shape[],
): States {
  if (states.length !== shapes.length) {
    throw new ArgumentError(
      `${layer}: received ${states.length} states. Expected ${shapes.length}, of shape ` +
        `${shapes.map(formatShape).join(" and ")}.`,
    );
  }
  states.forEach((state, i) => {
    const expected = shapes[i] ?? [];
    if (shapesEqual(state.shape, expected)) return;
    const which = states.length === 1 ? "a state" : `state ${i}`;
    throw new ShapeError(
      `${layer}: received ${which} of shape ${formatShape(state.shape)}. Expected ` +
        `${formatShape(expected)}, batch and units.`,
      { details: { received: state.shape, expected } },
    );
  });
  return states;
}

/** Zeros without a run on the device. */
function hostZeros(shape: Shape): Tensor {
  return tensor(new Float32Array(sizeOf(shape)), shape);
}
