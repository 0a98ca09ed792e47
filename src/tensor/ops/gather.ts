import { ShapeError } from "../../errors.ts";
import { HostScalar } from "../../graph/host-scalar.ts";
import type { Value } from "../../graph/node.ts";
import { normalizeAxis, shapesEqual, sizeOf } from "../../graph/shape.ts";
import { formatSpec } from "../../graph/spec.ts";
import { ops } from "../../ops/index.ts";
import type { TensorLike } from "../convert.ts";
import { Tensor } from "../tensor.ts";
import { indexOperand, operand } from "./operand.ts";

/**
 * Slices of x along one axis, picked by index. What is picked twice adds up its gradients. An index
 * that names no slice gives NaN (int32: -2³¹, bool: false), so that it is noticed.
 *
 * @param indices - int32 of any shape; plain numbers are taken as int32.
 * @param axis - Default 0. The result's shape is x's with this axis replaced by the shape of
 *   `indices`.
 * @param batchDims - How many axes in front both share; each batch row picks from its own. Default
 *   0.
 * @throws {DTypeError} when the indices are a tensor of another dtype.
 * @throws {ArgumentError} for plain numbers that are no whole ones.
 * @throws {ShapeError} when axis or batchDims do not fit.
 * @example
 * await sl.gather([[1, 2], [3, 4], [5, 6]], [2, 0]).array(); // [[5,6],[1,2]]
 */
export function gather(x: TensorLike, indices: TensorLike, axis = 0, batchDims = 0): Tensor {
  const value = operand(x, "gather");
  const ids = indexOperand(indices, "gather: indices");
  const place = normalizeAxis(axis, value.shape.length, "gather");
  if (batchDims === 0) return Tensor.of(gatherAxis(value, ids, place));
  const isFit =
    Number.isInteger(batchDims) &&
    batchDims > 0 &&
    batchDims <= place &&
    shapesEqual(ids.shape.slice(0, batchDims), value.shape.slice(0, batchDims));
  if (!isFit) {
    throw new ShapeError(
      `gather: batchDims ${batchDims}, axis ${axis}, x ${formatSpec(value.spec)}, indices ` +
        `${formatSpec(ids.spec)}. Expected batchDims <= axis, and that many equal axes in front.`,
    );
  }
  return Tensor.of(gatherBatch(value, ids, { axis: place, batchDims }));
}

function gatherAxis(x: Value, ids: Value, axis: number): Value {
  if (axis === 0) return ops.gather(x, ids);
  const front = [axis, ...x.shape.map((_, i) => i).filter((i) => i !== axis)];
  const picked = ops.gather(ops.transpose(x, front), ids); // [..ids, ..rest]
  const width = ids.shape.length;
  const order = picked.shape.map((_, i) => i);
  const moved = [
    ...order.slice(width, width + axis),
    ...order.slice(0, width),
    ...order.slice(width + axis),
  ];
  return ops.transpose(picked, moved);
}

/** Rows of all batches as one list: index i of batch b is row b·length + i. */
function gatherBatch(
  x: Value,
  ids: Value,
  { axis, batchDims }: { axis: number; batchDims: number },
): Value {
  const batch = x.shape.slice(0, batchDims);
  const between = x.shape.slice(batchDims, axis);
  const rest = x.shape.slice(axis + 1);
  const own = ids.shape.slice(batchDims);
  const length = x.shape[axis] ?? 0;
  const groups = sizeOf(batch) * sizeOf(between);
  const rows = ops.reshape(x, [groups * length, ...rest]);
  const wide = ops.broadcastTo(ops.reshape(ids, [sizeOf(batch), 1, sizeOf(own)]), [
    sizeOf(batch),
    sizeOf(between),
    sizeOf(own),
  ]);
  const starts = ops.mul(ops.range(groups), ops.scalar(HostScalar.of(length, "int32")));
  const flat = ops.add(ops.reshape(wide, [groups, sizeOf(own)]), ops.reshape(starts, [groups, 1]));
  const picked = ops.gather(rows, flat); // [groups, own, ..rest]
  return ops.reshape(picked, [...batch, ...between, ...own, ...rest]);
}
