import { HostScalar } from "../graph/host-scalar.ts";
import type { Value } from "../graph/node.ts";
import { ops } from "../ops/index.ts";
import type { Variable } from "../tensor/index.ts";
import type { NamedData, NamedTensor } from "./named-tensor.ts";

/** What the gradient check follows: a scale on the GPU, float32[4] = (scale, 1 / scale, good steps, 0). */
export interface FollowedScale {
  readonly state: Variable;
  /** Good steps in a row after which it grows. */
  readonly growthSteps: HostScalar;
}

/**
 * By what a loss is multiplied before its gradients are taken. The gradients are multiplied by the inverse before
 * anything else is done with them.
 */
export interface LossScale {
  /** What the check keeps up to date; null where the scale never changes. */
  readonly followed: FollowedScale | null;
  /** The loss, or whatever else, times the scale. */
  scaled(loss: Value): Value;
  /** Gradients of a scaled loss as those of the loss. */
  unscaled(gradients: readonly Value[]): readonly Value[];
  /** The scale as it is now. */
  read(): Promise<number>;
  /** What training that goes on needs, by name. */
  save(): Promise<NamedTensor[]>;
  /**
   * Finds what `save` gave among others.
   * @throws {ArgumentError} for numbers that cannot be.
   */
  find(weights: readonly NamedData[]): FoundScale;
  /** Frees what lies on the GPU; a scale that is used again begins anew. */
  end(): void;
}

/** What belongs to a loss scale, found but not set. */
export interface FoundScale {
  /** What does not belong to it. */
  readonly rest: readonly NamedData[];
  readonly set: () => void;
}

/** A scale that never changes; 1 is none at all, and leaves no trace in a plan. */
export class FixedLossScale implements LossScale {
  readonly followed = null;
  readonly #factor: number;

  constructor(factor: number) {
    this.#factor = factor;
  }

  scaled(loss: Value): Value {
    return this.#factor === 1 ? loss : ops.mul(loss, ops.scalar(HostScalar.of(this.#factor)));
  }

  unscaled(gradients: readonly Value[]): readonly Value[] {
    if (this.#factor === 1) return gradients;
    const inverse = ops.scalar(HostScalar.of(1 / this.#factor));
    return gradients.map((gradient) => ops.mul(gradient, inverse));
  }

  async read(): Promise<number> {
    return this.#factor;
  }

  async save(): Promise<NamedTensor[]> {
    return [];
  }

  find(weights: readonly NamedData[]): FoundScale {
    return { rest: weights, set: () => undefined };
  }

  end(): void {}
}
