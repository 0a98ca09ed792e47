import { ArgumentError, ShapeError } from "../errors.ts";
import type { TypedArray } from "../graph/dtype.ts";
import { formatShape, shapesEqual } from "../graph/shape.ts";
import { source } from "../ops/leaves.ts";
import { currentEngine } from "../tensor/current.ts";
import { scope, Tensor, type TensorLike, toTensor, type Variable } from "../tensor/index.ts";

/** Copies of the variables as they are now; later writes do not change them. */
export function readWeights(weights: readonly Variable[]): Tensor[] {
  if (weights.length === 0) return [];
  const outputs = weights.map((weight) => weight.value);
  const wants = outputs.map(() => ({ keep: true, read: false }));
  const outcomes = currentEngine().enqueue({ outputs, writes: [] }, wants, "getWeights");
  return outputs.map(({ spec }, i) => {
    const storage = outcomes[i]?.storage;
    if (!storage) throw new RangeError("getWeights: a weight was not copied");
    return Tensor.of(source(spec, { kind: "storage", storage, version: storage.version }));
  });
}

/** The content of variables as it is now, on the host; one run reads all. */
export function fetchWeights(weights: readonly Variable[]): Promise<TypedArray>[] {
  if (weights.length === 0) return [];
  const outputs = weights.map((weight) => weight.value);
  const wants = outputs.map(() => ({ keep: false, read: true }));
  const outcomes = currentEngine().enqueue({ outputs, writes: [] }, wants, "fetchWeights");
  return outcomes.map(({ data }) => data ?? Promise.reject(new RangeError("nothing was read")));
}

/**
 * Writes `values` to the variables, in order; checks all of them before the first write.
 * @throws {ArgumentError} when there are more or fewer values than weights.
 * @throws {ShapeError} when a shape differs.
 */
export function writeWeights(
  owner: string,
  weights: readonly Variable[],
  values: readonly TensorLike[],
): void {
  if (values.length !== weights.length) {
    const list = weights.map((weight) => `${weight.name} ${formatShape(weight.shape)}`).join(", ");
    throw new ArgumentError(
      `${owner}: setWeights received ${values.length} values for ${weights.length} weights. ` +
        `Expected, in this order: ${list}.`,
      { details: { received: values.length, expected: weights.map((weight) => weight.name) } },
    );
  }
  scope(`${owner}/setWeights`, () => {
    const tensors = values.map((value, i) => toTensor(value, weights[i]?.name ?? owner));
    weights.forEach((weight, i) => {
      const { shape = [] } = tensors[i] ?? {};
      if (shapesEqual(shape, weight.shape)) return;
      throw new ShapeError(
        `${owner}: setWeights received shape ${formatShape(shape)} for ${weight.name}. ` +
          `Expected ${formatShape(weight.shape)}.`,
        { details: { weight: weight.name, received: shape, expected: weight.shape } },
      );
    });
    weights.forEach((weight, i) => {
      const tensor = tensors[i];
      if (tensor !== undefined) weight.assign(tensor);
    });
  });
}
