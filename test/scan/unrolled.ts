import { ops } from "../../src/ops/index.ts";
import { withStepNumber } from "../../src/ops/step-number.ts";
import { tensorsIn } from "../../src/tensor/containers.ts";
import {
  grads,
  reshape,
  type ScanOptions,
  slice,
  stack,
  type Tensor,
} from "../../src/tensor/index.ts";
import { expectClose, type Tolerance } from "../helpers/compare.ts";

/** A step over lists of tensors. */
export type Body = (
  carry: readonly Tensor[],
  x: readonly Tensor[],
) => readonly [readonly Tensor[], readonly Tensor[]];

/** The same loop in JavaScript, one step after the other, each with its number: what `scan` has to equal. */
export function unrolled(
  body: Body,
  carry: readonly Tensor[],
  xs: readonly Tensor[],
  { axis = 0, reverse = false, length = xs[0]?.shape[axis] ?? 0 }: ScanOptions = {},
): readonly [readonly Tensor[], readonly Tensor[]] {
  let state = carry;
  const pieces: (readonly Tensor[])[] = new Array(length);
  for (let turn = 0; turn < length; turn++) {
    const t = reverse ? length - 1 - turn : turn;
    const given = xs.map((x) => piece(x, axis, t));
    const number = ops.literal(t, [], "int32");
    const [next, ys] = withStepNumber(number, () => body(state, given));
    state = next;
    pieces[t] = ys;
  }
  const stacked = (pieces[0] ?? []).map((_, i) => {
    return stack(
      pieces.map((ys) => ys[i] as Tensor),
      axis,
    );
  });
  return [state, stacked];
}

function piece(x: Tensor, axis: number, t: number): Tensor {
  const begin = x.shape.map((_, i) => (i === axis ? t : 0));
  const size = x.shape.map((dim, i) => (i === axis ? 1 : dim));
  return reshape(
    slice(x, begin, size),
    x.shape.filter((_, i) => i !== axis),
  );
}

/** Gradients of Σ v² + v over all float32 results of `loop`, for each of the inputs. */
export function gradientsOf(
  loop: (...inputs: Tensor[]) => unknown,
  inputs: readonly Tensor[],
): Tensor[] {
  return grads((...given) => total(loop(...given)))([...inputs]);
}

/** Σ v² + v over all float32 tensors in a nest: every result counts, and no two alike. */
export function total(results: unknown): Tensor {
  const parts = tensorsIn(results)
    .filter(({ dtype }) => dtype === "float32")
    .map((one, i) =>
      one
        .square()
        .mul(1 + 0.5 * i)
        .add(one)
        .sum(),
    );
  return parts.reduce((sum, part) => sum.add(part));
}

/** Every tensor of one nest against that of the other. */
export async function expectSame(
  actual: unknown,
  expected: unknown,
  tolerance: Tolerance,
): Promise<void> {
  const [got, wanted] = [tensorsIn(actual), tensorsIn(expected)];
  if (got.length !== wanted.length) throw new Error(`${got.length} tensors, not ${wanted.length}`);
  for (const [i, one] of got.entries()) {
    const other = wanted[i] as Tensor;
    if (one.shape.join() !== other.shape.join())
      throw new Error(`shape ${one.shape} of tensor ${i}, not ${other.shape}`);
    expectClose(await one.data(), await other.data(), {
      ...tolerance,
      label: `tensor ${i}`,
      shape: one.shape,
    });
  }
}
