import type { DType, TypedArray } from "../graph/dtype.ts";
import { formatShape, type Shape, sizeOf } from "../graph/shape.ts";

/** Elements shown at each end of a long axis. */
const EDGE = 3;
const LONG = 8;

/** Shape, dtype and values for people; long axes show their ends. */
export function formatTensor(
  data: TypedArray,
  { shape, dtype }: { shape: Shape; dtype: DType },
): string {
  const show = (index: number): string => {
    const x = data[index] ?? 0;
    if (dtype === "bool") return x ? "true" : "false";
    return dtype === "int32" ? String(x) : String(Number(x.toPrecision(6)));
  };
  const row = (axis: number, offset: number, indent: string): string => {
    if (axis === shape.length) return show(offset);
    const length = shape[axis] ?? 0;
    const inner = sizeOf(shape.slice(axis + 1));
    const isLast = axis === shape.length - 1;
    const parts: string[] = [];
    for (let i = 0; i < length; i++) {
      if (length > LONG && i === EDGE) {
        parts.push("…");
        i = length - EDGE - 1;
      } else parts.push(row(axis + 1, offset + i * inner, `${indent} `));
    }
    return `[${parts.join(isLast ? ", " : `,\n${indent} `)}]`;
  };
  return `Tensor ${dtype}${formatShape(shape)}\n${row(0, 0, "")}`;
}
