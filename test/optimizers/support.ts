import { afterEach } from "vitest";
import { mul, sum, type Tensor, tensor, type Variable, variable } from "../../src/tensor/index.ts";
import { wave } from "../helpers/golden.ts";

const owned: { dispose(): void }[] = [];

/** Ends with the test. */
export function kept<T extends { dispose(): void }>(one: T): T {
  owned.push(one);
  return one;
}

afterEach(() => {
  for (const one of owned.splice(0)) one.dispose();
});

export const vector = (values: ArrayLike<number>, name?: string): Variable =>
  kept(variable(Float32Array.from(values), true, name));

/** A loss whose gradient with respect to `w` is `gradient`. */
export const linear =
  (w: Variable, gradient: ArrayLike<number>): (() => Tensor) =>
  () =>
    sum(mul(w, tensor(Float32Array.from(gradient), w.shape)));

/** Gradients without structure, of ordinary sizes; another one for each step. */
export const noise = (shape: readonly number[], step: number): Float32Array =>
  wave(shape, 0.3 + 0.7 * step);
