import * as sl from "sluice";
import { expectClose } from "../helpers/compare.ts";
import { tolerances } from "../helpers/tolerances.ts";

type Shape = readonly [number, number, number, number];

/** Distinct numbers that repeat nowhere near. */
export function waves(shape: readonly number[], phase: number): sl.Tensor {
  const size = shape.reduce((product, dim) => product * dim, 1);
  return sl.tensor(
    Float32Array.from({ length: size }, (_, i) => Math.sin(1.7 * i + 2.3 * Math.sqrt(i) + phase)),
    shape,
  );
}

/** Query, key and value of self-attention. */
export const three = (shape: Shape): [sl.Tensor, sl.Tensor, sl.Tensor] => [
  waves(shape, 0.1),
  waves(shape, 1.1),
  waves(shape, 2.1),
];

/** The result, and the gradients of query, key and value of its product with a wave, by the kernels. */
export function run(
  [q, k, v]: readonly [sl.Tensor, sl.Tensor, sl.Tensor],
  options: sl.AttentionOptions,
): sl.Tensor[] {
  const f = (q: sl.Tensor, k: sl.Tensor, v: sl.Tensor): sl.Tensor =>
    sl.scaledDotProductAttention(q, k, v, options);
  const y = f(q, k, v);
  const grads = sl.grads((...[a, b, c]) =>
    f(a as sl.Tensor, b as sl.Tensor, c as sl.Tensor).mul(waves(y.shape, 0.7)),
  )([q, k, v]);
  return [y, ...grads];
}

/** The same from the scores, in simple ops. */
export function runSimply(
  [q, k, v]: readonly [sl.Tensor, sl.Tensor, sl.Tensor],
  options: sl.AttentionScoresOptions,
): sl.Tensor[] {
  const f = (q: sl.Tensor, k: sl.Tensor, v: sl.Tensor): sl.Tensor =>
    sl.matMul(sl.attentionScores(q, k, options), v);
  const y = f(q, k, v);
  const grads = sl.grads((...[a, b, c]) =>
    f(a as sl.Tensor, b as sl.Tensor, c as sl.Tensor).mul(waves(y.shape, 0.7)),
  )([q, k, v]);
  return [y, ...grads];
}

export const NAMES = ["result", "dQuery", "dKey", "dValue"];

export async function expectAlike(actual: readonly sl.Tensor[], expected: readonly sl.Tensor[]) {
  for (const [i, one] of actual.entries()) {
    const wanted = await (expected[i] as sl.Tensor).data();
    expectClose(await one.data(), wanted, { ...tolerances.gradient, label: NAMES[i] ?? "" });
  }
}
