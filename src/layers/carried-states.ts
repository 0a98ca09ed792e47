import { ArgumentError } from "../errors.ts";
import type { Node, Value } from "../graph/node.ts";
import { formatShape, shapesEqual } from "../graph/shape.ts";
import type { Tensor } from "../tensor/index.ts";
import type { States } from "./recurrent-config.ts";

/** Where a call stands in the sequence that it carries on. */
export interface CarriedPlace {
  /** Steps seen by earlier calls, int32 []; null: none, the sequence begins. Positions are counted from it. */
  readonly position?: Tensor | null;
  /** Steps that a cache of attention is to hold, all calls together. Default: those of the call. */
  readonly capacity?: number | null;
  /**
   * The input whose steps come one after the other. What layers make without it (an encoder's side) is the same at every
   * call. Default: every input.
   */
  readonly steps?: Tensor | null;
}

/**
 * The states of a model's layers, taken from its last call and given to the next from outside: those of recurrent
 * layers, the keys and values that attention has seen. They stand in the order in which the layers run; the states that
 * stateful layers keep are left alone.
 */
class CarriedStates {
  readonly #before: readonly Tensor[];
  #taken = 0;
  readonly after: Tensor[] = [];
  /** Which of `after` are the same at every call. */
  readonly constants = new Set<number>();
  readonly position: Tensor | null;
  readonly capacity: number | null;
  /** What `keep` gave for the values of this call. */
  readonly kept = new Map<Value, readonly Tensor[]>();
  /** Whether the sequence is there as a whole: then there is nothing to carry. */
  readonly isWhole: boolean;
  /** What the steps are, and what layers made of them; null: everything. */
  readonly #ofSteps: Set<Node> | null;

  constructor(before: readonly Tensor[], place: CarriedPlace | "whole") {
    const { position = null, capacity = null, steps = null } = place === "whole" ? {} : place;
    this.#before = before;
    this.position = position;
    this.capacity = capacity;
    this.isWhole = place === "whole";
    this.#ofSteps = steps && new Set([steps.value.node]);
  }

  /** Whether it is known what depends on the steps and what does not. */
  get tellsSteps(): boolean {
    return this.#ofSteps !== null;
  }

  /** Whether `x` depends on the steps of the call, so that another call has another one. */
  isOfSteps(x: Tensor): boolean {
    if (this.#ofSteps === null) return !this.isWhole;
    const seen = new Set([x.value.node]);
    for (const node of seen) {
      if (this.#ofSteps.has(node)) return true;
      for (const input of node.inputs) seen.add(input.node);
    }
    return false;
  }

  /**
   * To be told what a layer made of steps: that is of steps, too. The graph alone does not say so, for positions are
   * made of the number of steps and nothing else.
   */
  follow(results: readonly Tensor[]): void {
    for (const { value } of results) this.#ofSteps?.add(value.node);
  }

  /**
   * What is the same at every call, as the first one computed it. Later ones record it again and do not run it: what
   * nobody reads is no part of a plan.
   */
  keep(layer: string, values: readonly Tensor[]): readonly Tensor[] {
    const kept = this.take(layer, values.length) ?? values;
    const other = values.find((value, i) => !shapesEqual(value.shape, kept[i]?.shape ?? []));
    if (other !== undefined) {
      const first = formatShape(kept[values.indexOf(other)]?.shape ?? []);
      throw new ArgumentError(
        `${layer}: what it reads beside the steps has shape ${formatShape(other.shape)}, and had ${first} in the first call. ` +
          "Expected the same: a layer of your own whose result is as long as the steps, but not computed from them, runs " +
          "step by step no more than others; leave its runsStepByStep out.",
      );
    }
    for (const i of kept.keys()) this.constants.add(this.after.length + i);
    this.after.push(...kept);
    return kept;
  }

  get left(): number {
    return this.#before.length - this.#taken;
  }

  /**
   * The states that the layer that runs now begins with; null where there are none yet.
   * @throws {ArgumentError} when there are some, but too few.
   */
  take(layer: string, count: number): States | null {
    if (this.#before.length === 0) return null;
    const states = this.#before.slice(this.#taken, this.#taken + count);
    this.#taken += count;
    if (states.length === count) return states;
    throw new ArgumentError(
      `${layer}: received ${states.length} states of the ${this.#before.length} that were given to the model. Expected ` +
        `${count}: those of all recurrent layers in a list, in the order in which they run.`,
    );
  }
}

/** A layer needs all steps at once, and the model runs step by step. */
export class NotStepwiseError extends ArgumentError {}

let current: CarriedStates | null = null;

/** What the layer that runs now gets its states from, and leaves them in; null: it sees to them itself. */
export function carriedStates(): CarriedStates | null {
  return current;
}

/**
 * Runs `body`, which has whole sequences before it although the model runs step by step: its layers begin anew, see all
 * steps, and leave nothing.
 */
export function runWhole<T>(body: () => T): T {
  return carrying(new CarriedStates([], "whole"), body);
}

/** A call's result, and what the next one begins with. */
interface Carried<T> {
  readonly result: T;
  readonly states: readonly Tensor[];
  /** Which of the states no call changes. */
  readonly constants: ReadonlySet<number>;
}

/**
 * Runs `body`, a call of a model, with the states that an earlier call left.
 * @param before Empty for the first call.
 * @throws {ArgumentError} when they are not as many as the model has.
 */
export function carryStates<T>(
  before: readonly Tensor[],
  body: () => T,
  place: CarriedPlace = {},
): Carried<T> {
  const states = new CarriedStates(before, place);
  const result = carrying(states, body);
  if (states.left > 0) {
    throw new ArgumentError(
      `received ${before.length} states for a model that has ${before.length - states.left}. Expected as many: ` +
        "those of its recurrent layers, in the order in which they run.",
    );
  }
  return { result, states: states.after, constants: states.constants };
}

function carrying<T>(states: CarriedStates, body: () => T): T {
  const outer = current;
  current = states;
  try {
    return body();
  } finally {
    current = outer;
  }
}

/**
 * To be called by layers that need all steps at once.
 * @throws {NotStepwiseError} while a model runs step by step; who runs it so may show it whole sequences instead.
 */
export function requireWholeSequence(layer: string): void {
  if (current === null || current.isWhole) return;
  throw new NotStepwiseError(
    `${layer}: this attention reads steps that come later, and the model runs step by step. Expected causal ` +
      "self-attention (useCausalMask: true) there, or run the model over the whole sequence.",
  );
}
