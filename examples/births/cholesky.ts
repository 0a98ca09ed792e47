import { at } from "./at.ts";

/**
 * Turns a symmetric, positive definite matrix A into its lower factor L, A = L·Lᵀ, in place. Only
 * the lower triangle is read and written.
 *
 * @param matrix [size, size], row-major.
 * @throws {RangeError} when A is not positive definite.
 */
export function cholesky(matrix: Float64Array, size: number): void {
  for (let i = 0; i < size; i++) {
    const row = matrix.subarray(i * size, (i + 1) * size);
    for (let j = 0; j < i; j++) {
      const other = matrix.subarray(j * size, (j + 1) * size);
      row[j] = (at(row, j) - dot(row, other, j)) / at(other, j);
    }
    const square = at(row, i) - dot(row, row, i);
    if (!(square > 0))
      throw new RangeError(`cholesky: the matrix is not positive definite (row ${i}).`);
    row[i] = Math.sqrt(square);
  }
}

/**
 * Solves L·Lᵀ·X = B.
 *
 * @param factor L as `cholesky` leaves it, [size, size].
 * @param right B, [size, n], row-major.
 * @returns X, [size, n].
 */
export function solveCholesky(
  factor: Float64Array,
  right: Float64Array,
  size: number,
): Float64Array {
  const width = right.length / size;
  const x = right.slice();
  const rowOf = (i: number) => x.subarray(i * width, (i + 1) * width);
  for (let i = 0; i < size; i++) {
    const row = rowOf(i);
    for (let j = 0; j < i; j++) subtract(row, at(factor, i * size + j), rowOf(j));
    divide(row, at(factor, i * size + i));
  }
  for (let i = size - 1; i >= 0; i--) {
    const row = rowOf(i);
    divide(row, at(factor, i * size + i));
    for (let j = 0; j < i; j++) subtract(rowOf(j), at(factor, i * size + j), row);
  }
  return x;
}

/** Sum of the products of the first `count` elements. */
function dot(a: Float64Array, b: Float64Array, count: number): number {
  let sum = 0;
  for (let k = 0; k < count; k++) sum += (a[k] as number) * (b[k] as number);
  return sum;
}

function subtract(row: Float64Array, factor: number, other: Float64Array): void {
  if (factor === 0) return;
  for (let k = 0; k < row.length; k++) row[k] = (row[k] as number) - factor * (other[k] as number);
}

function divide(row: Float64Array, divisor: number): void {
  for (let k = 0; k < row.length; k++) row[k] = (row[k] as number) / divisor;
}
