import { ShapeError } from "../errors.ts";
import type { DType, TypedArray } from "../graph/dtype.ts";
import { formatShape, type Shape, sizeOf } from "../graph/shape.ts";
import { type HostNumbers, hostArray } from "../tensor/host-data.ts";
import { toTyped } from "../tensor/host-numbers.ts";
import { gather, reshape, Tensor } from "../tensor/index.ts";
import { emptyArray, hostDataOf, hostTensor } from "./host-tensor.ts";

/** A series that the host has. */
export interface HostSeries {
  readonly data: TypedArray;
  /** Shape of one step. */
  readonly rowShape: Shape;
  readonly dtype: DType;
}

/** Steps in time, on the host or on the GPU. */
export class Series {
  readonly steps: number;
  /** Shape of one step. */
  readonly rowShape: Shape;
  readonly #tensor: Tensor;
  #read: Promise<TypedArray> | null = null;

  constructor(tensor: Tensor, rowShape: Shape) {
    this.#tensor = tensor;
    this.rowShape = rowShape;
    this.steps = tensor.shape[0] ?? 0;
  }

  /** As models take it in: [N] has one feature, unless it is of whole numbers, which are ids. */
  asInputs(): Series {
    const isBare = this.rowShape.length === 0 && this.#tensor.dtype === "float32";
    return new Series(this.#tensor, isBare ? [1] : this.rowShape);
  }

  /** Its content on the host, read once. */
  async onHost(): Promise<HostSeries> {
    const { dtype } = this.#tensor;
    const data = hostDataOf(this.#tensor);
    if (data !== null) return { data, rowShape: this.rowShape, dtype };
    this.#read ??= this.#tensor.data();
    return { data: await this.#read, rowShape: this.rowShape, dtype };
  }

  /** `length` steps from each of `starts` + `offset` on: [starts, length, …row]. */
  gather(starts: Int32Array, offset: number, length: number): Tensor {
    const { dtype } = this.#tensor;
    const data = hostDataOf(this.#tensor);
    if (data !== null) {
      return cutRows({ data, rowShape: this.rowShape, dtype }, starts, { offset, length });
    }
    const places = new Int32Array(starts.length * length);
    starts.forEach((start, w) => {
      for (let t = 0; t < length; t++) places[w * length + t] = start + offset + t;
    });
    const rows = gather(this.#tensor, hostTensor(places, [places.length], "int32"));
    return reshape(rows, [starts.length, length, ...this.rowShape]);
  }
}

/** A copy of some steps from each of `starts` + `offset` on: [starts, length, …row]. */
export function cutRows(
  { data, rowShape, dtype }: HostSeries,
  starts: Int32Array,
  { offset, length }: { offset: number; length: number },
): Tensor {
  const width = sizeOf(rowShape);
  const cut = emptyArray(dtype, starts.length * length * width);
  starts.forEach((start, w) => {
    const first = (start + offset) * width;
    cut.set(data.subarray(first, first + length * width), w * length * width);
  });
  return hostTensor(cut, [starts.length, length, ...rowShape], dtype);
}

/**
 * A series of host numbers, which are copied, or of a tensor.
 * @throws {ShapeError} for a scalar.
 */
export function seriesOf(given: HostNumbers | Tensor, label: string): Series {
  if (given instanceof Tensor) return new Series(given, checkAxes(given.shape, label).slice(1));
  const { values, shape, dtype } = hostArray(given, label);
  checkAxes(shape, label);
  return new Series(hostTensor(toTyped(values, dtype), shape, dtype), shape.slice(1));
}

function checkAxes(shape: Shape, label: string): Shape {
  if (shape.length > 0) return shape;
  throw new ShapeError(
    `${label} has shape ${formatShape(shape)}. Expected steps along the first axis: [N] or [N, D].`,
  );
}
