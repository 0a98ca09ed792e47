import { ArgumentError } from "../errors.ts";
import type { Node } from "../graph/node.ts";
import { topologicalOrder } from "../graph/traverse.ts";
import type { Tensor } from "../tensor/index.ts";
import type { States } from "./recurrent-config.ts";

/** Where a call stands in the sequence that it carries on. */
export interface CarriedPlace {
  /** Steps seen by earlier calls, int32 []; null: none, the sequence begins. Positions are counted from it. */
  readonly position?: Tensor | null;
  /** Steps that a cache of attention is to hold, all calls together. Default: those of the call. */
  readonly capacity?: number | null;
  /**
   * The input whose steps come one after the other. What is not computed from it (an encoder's side) is there as a whole.
   * Default: every input.
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
  readonly position: Tensor | null;
  readonly capacity: number | null;
  readonly #steps: Node | null;

  constructor(before: readonly Tensor[], place: CarriedPlace) {
    const { position = null, capacity = null, steps = null } = place;
    this.#before = before;
    this.position = position;
    this.capacity = capacity;
    this.#steps = steps?.value.node ?? null;
  }

  /** Whether `x` is computed from the steps of the call, so that another call has others; null: not known. */
  isOfSteps(x: Tensor): boolean | null {
    if (this.#steps === null) return null;
    return topologicalOrder([x.value], { isLeaf: () => false }).includes(this.#steps);
  }

  /**
   * What is the same at every step, as the first call computed it. Later calls record it again and do not run it: what
   * nobody reads is no part of a plan.
   */
  keep(layer: string, values: readonly Tensor[]): readonly Tensor[] {
    const kept = this.take(layer, values.length) ?? values;
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
let isWhole = false;

/** What the layer that runs now gets its states from, and leaves them in; null: it sees to them itself. */
export function carriedStates(): CarriedStates | null {
  return current;
}

/**
 * Runs `body`, which has whole sequences before it although the model runs step by step: its layers begin anew, see all
 * steps, and leave nothing.
 */
export function runWhole<T>(body: () => T): T {
  return carrying({ states: new CarriedStates([], {}), whole: true }, body);
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
): { readonly result: T; readonly states: readonly Tensor[] } {
  const states = new CarriedStates(before, place);
  const result = carrying({ states, whole: false }, body);
  if (states.left > 0) {
    throw new ArgumentError(
      `received ${before.length} states for a model that has ${before.length - states.left}. Expected as many: ` +
        "those of its recurrent layers, in the order in which they run.",
    );
  }
  return { result, states: states.after };
}

function carrying<T>(
  { states, whole }: { readonly states: CarriedStates; readonly whole: boolean },
  body: () => T,
): T {
  const outer = { current, isWhole };
  [current, isWhole] = [states, whole];
  try {
    return body();
  } finally {
    ({ current, isWhole } = outer);
  }
}

/**
 * To be called by layers that need all steps at once.
 * @throws {NotStepwiseError} while a model runs step by step; who runs it so may show it whole sequences instead.
 */
export function requireWholeSequence(layer: string): void {
  if (current === null || isWhole) return;
  throw new NotStepwiseError(
    `${layer}: this attention reads steps that come later, and the model runs step by step. Expected causal ` +
      "self-attention (useCausalMask: true) there, or run the model over the whole sequence.",
  );
}
