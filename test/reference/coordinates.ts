import { stridesOf } from "../../src/graph/shape.ts";

/** Coordinates of every element of `shape`, in row-major order. */
export function* coordinatesOf(shape: readonly number[]): Generator<readonly number[]> {
  const size = shape.reduce((product, dim) => product * dim, 1);
  const strides = stridesOf(shape);
  for (let flat = 0; flat < size; flat++) {
    yield shape.map((dim, axis) => Math.floor(flat / (strides[axis] ?? 1)) % dim);
  }
}

/** Row-major position of `coordinates` in `shape`. */
export function flatIndex(shape: readonly number[], coordinates: readonly number[]): number {
  let flat = 0;
  shape.forEach((dim, axis) => {
    flat = flat * dim + (coordinates[axis] ?? 0);
  });
  return flat;
}
