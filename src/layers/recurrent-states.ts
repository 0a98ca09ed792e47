import { ArgumentError, ShapeError } from "../errors.ts";
import { formatShape, shapesEqual, sizeOf } from "../graph/shape.ts";
import { describeValue } from "../names/describe.ts";
import {
  scope,
  Tensor,
  type TensorLike,
  tensor,
  toTensor,
  type Variable,
  variable,
  zeros,
} from "../tensor/index.ts";
import type { LayerShape } from "./layer-shape.ts";
import type { States } from "./recurrent-config.ts";
import { noteMade, takeFromBudget } from "./weight-budget.ts";

/**
 * The states that a stateful layer carries from batch to batch: variables [B, H] that start at
 * zero.
 */
export class StateVariables {
  readonly #layer: string;
  readonly #names: readonly string[];
  readonly #variables: readonly Variable[];

  /** @throws {ArgumentError} when the batch size of `inputShape` is not known. */
  constructor(
    layer: string,
    names: readonly string[],
    options: { readonly inputShape: LayerShape; readonly units: number },
  ) {
    const [batch = null] = options.inputShape;
    if (batch === null) {
      throw new ArgumentError(
        `${layer}: a stateful layer received a batch of unknown size. Expected a fixed one: give ` +
          "the layer batchInputShape, or batchSize beside inputShape.",
      );
    }
    this.#layer = layer;
    const shape = [batch, options.units];
    this.#names = names.map((name) => `state_${name}`);
    for (const name of this.#names) takeFromBudget(`${layer}/${name}`, shape);
    this.#variables = this.#names.map((name) =>
      noteMade(variable(tensor(new Float32Array(sizeOf(shape)), shape), false, `${layer}/${name}`)),
    );
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
      this.#variables[i]?.assign(state);
    });
  }

  /**
   * Sets the states to `values`, or to zeros.
   * @throws {ArgumentError} when the number of values is wrong.
   * @throws {ShapeError} when a shape is.
   */
  reset(values?: readonly TensorLike[]): void {
    scope(`${this.#layer}/resetStates`, () => {
      if (values === undefined) {
        this.write(this.#variables.map((state) => zeros(state.shape)));
        return;
      }
      const shape = this.#variables[0]?.shape ?? [];
      const states = values.map((value) => toTensor(value, `${this.#layer} state`));
      this.write(checkStates(this.#layer, states, { count: this.#variables.length, shape }));
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
    return given.map((item: TensorLike) => toTensor(item, `${layer} initialState`));
  }
  const expected = count === 1 ? "a tensor" : `a list of ${count} tensors`;
  throw new ArgumentError(
    `${layer}: received ${describeValue(given)} as initialState. Expected ${expected} of shape [batch, units].`,
  );
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
 * @throws {ArgumentError | ShapeError} otherwise.
 */
export function checkStates(
  layer: string,
  states: readonly Tensor[],
  expected: { readonly count: number; readonly shape: readonly number[] },
): States {
  if (states.length !== expected.count) {
    const names = expected.count === 2 ? "h and c" : "h";
    throw new ArgumentError(
      `${layer}: received ${states.length} states. Expected ${expected.count}: ${names}, of ` +
        `shape ${formatShape(expected.shape)} each.`,
    );
  }
  for (const state of states) {
    if (shapesEqual(state.shape, expected.shape)) continue;
    throw new ShapeError(
      `${layer}: received a state of shape ${formatShape(state.shape)}. Expected ` +
        `${formatShape(expected.shape)}, batch and units.`,
      { details: { received: state.shape, expected: expected.shape } },
    );
  }
  return states;
}
