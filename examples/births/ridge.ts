import { at } from "./at.ts";
import { cholesky, solveCholesky } from "./cholesky.ts";
import { HORIZON, STEP_INPUTS, STEPS, type Windows } from "./windows.ts";

/**
 * Linear regression with a penalty on the squared weights, from all inputs of a window to all days
 * of its forecast.
 */
export interface Ridge {
  readonly penalty: number;
  /** Which of the flattened inputs are used. */
  readonly columns: Int32Array;
  /** [columns, 28] */
  readonly weights: Float64Array;
  /** [28] */
  readonly intercepts: Float64Array;
}

const PENALTIES = [0.3, 1, 3, 10];
const WINDOW_WIDTH = STEPS * STEP_INPUTS.length;

/**
 * Fits the regression by the normal equations, in 64-bit floats, once for each penalty, and keeps
 * the one with the smallest mean absolute error on the validation windows.
 */
export function fitRidge(training: Windows, validation: Windows): Ridge {
  const system = normalEquations(training);
  const fits = PENALTIES.map((penalty) => {
    const ridge = solve(system, penalty);
    return { ridge, error: meanError(predictRidge(ridge, validation), validation.targets) };
  });
  return fits.reduce((best, fit) => (fit.error < best.error ? fit : best)).ridge;
}

/** @returns Scaled births, [B, 28]. */
export function predictRidge(ridge: Ridge, { origins, inputs }: Windows): Float64Array {
  const { columns, weights, intercepts } = ridge;
  const forecast = new Float64Array(origins.length * HORIZON); // [B, 28]
  for (let b = 0; b < origins.length; b++) {
    const row = forecast.subarray(b * HORIZON, (b + 1) * HORIZON);
    row.set(intercepts);
    columns.forEach((column, c) => {
      const x = at(inputs, b * WINDOW_WIDTH + column);
      if (x !== 0) addScaled(row, x, weights.subarray(c * HORIZON, (c + 1) * HORIZON));
    });
  }
  return forecast;
}

interface NormalEquations {
  readonly columns: Int32Array;
  /** Means of the columns. */
  readonly means: Float64Array;
  /** Means of the targets, [28]. */
  readonly targetMeans: Float64Array;
  /** Covariance sums of the columns; only the lower triangle is set, [columns, columns]. */
  readonly gram: Float64Array;
  /** Covariance sums of columns and targets, [columns, 28]. */
  readonly moments: Float64Array;
}

function normalEquations({ origins, inputs, targets }: Windows): NormalEquations {
  const columns = usefulColumns(inputs, origins.length);
  const count = columns.length;
  const means = new Float64Array(count);
  const targetMeans = new Float64Array(HORIZON);
  const gram = new Float64Array(count * count);
  const moments = new Float64Array(count * HORIZON);
  const rows = origins.length;
  for (let b = 0; b < rows; b++) {
    const target = targets.subarray(b * HORIZON, (b + 1) * HORIZON); // [28]
    addScaled(targetMeans, 1 / rows, target);
    // Most inputs are flags that are zero: a row has about a tenth of the columns.
    const { places, values } = nonZeros(inputs, b * WINDOW_WIDTH, columns);
    places.forEach((place, i) => {
      const value = at(values, i);
      means[place] = at(means, place) + value / rows;
      addScaled(moments.subarray(place * HORIZON, (place + 1) * HORIZON), value, target);
      for (let j = 0; j <= i; j++) {
        const cell = place * count + at(places, j);
        gram[cell] = at(gram, cell) + value * at(values, j);
      }
    });
  }
  center({ gram, moments, means, targetMeans, columns }, rows);
  return { columns, means, targetMeans, gram, moments };
}

/** Turns sums of products into sums of products of differences from the means. */
function center({ gram, moments, means, targetMeans }: NormalEquations, rows: number): void {
  const count = means.length;
  means.forEach((mean, i) => {
    addScaled(gram.subarray(i * count, i * count + i + 1), -rows * mean, means);
    addScaled(moments.subarray(i * HORIZON, (i + 1) * HORIZON), -rows * mean, targetMeans);
  });
}

function solve(system: NormalEquations, penalty: number): Ridge {
  const { columns, means, targetMeans, gram, moments } = system;
  const factor = gram.slice();
  columns.forEach((_, i) => {
    const diagonal = i * columns.length + i;
    factor[diagonal] = at(factor, diagonal) + penalty;
  });
  cholesky(factor, columns.length);
  const weights = solveCholesky(factor, moments, columns.length); // [columns, 28]
  const intercepts = targetMeans.slice();
  means.forEach((mean, i) => {
    addScaled(intercepts, -mean, weights.subarray(i * HORIZON, (i + 1) * HORIZON));
  });
  return { penalty, columns, weights, intercepts };
}

/**
 * Columns that vary and do not repeat another one (the weekday of a step is also that of the step a
 * week later). Columns are told apart by their sum of products with fixed numbers without pattern.
 */
function usefulColumns(inputs: Float32Array, rows: number): Int32Array {
  const noise = Float64Array.from({ length: rows }, (_, b) => Math.sin(12.9898 * b * b + 78.233));
  const seen = new Set<number>();
  const columns: number[] = [];
  for (let column = 0; column < WINDOW_WIDTH; column++) {
    const first = at(inputs, column);
    let mark = 0;
    let varies = false;
    for (let b = 0; b < rows; b++) {
      const value = at(inputs, b * WINDOW_WIDTH + column);
      varies ||= value !== first;
      mark += value * at(noise, b);
    }
    if (varies && !seen.has(mark)) columns.push(column);
    seen.add(mark);
  }
  return Int32Array.from(columns);
}

function nonZeros(
  inputs: Float32Array,
  start: number,
  columns: Int32Array,
): { places: number[]; values: number[] } {
  const places: number[] = [];
  const values: number[] = [];
  columns.forEach((column, place) => {
    const value = at(inputs, start + column);
    if (value === 0) return;
    places.push(place);
    values.push(value);
  });
  return { places, values };
}

/** sum += factor · x, for as many elements as `sum` has. */
function addScaled(sum: Float64Array, factor: number, x: Float64Array | Float32Array): void {
  for (let i = 0; i < sum.length; i++) sum[i] = at(sum, i) + factor * at(x, i);
}

function meanError(forecast: Float64Array, targets: Float32Array): number {
  return forecast.reduce((sum, x, i) => sum + Math.abs(x - at(targets, i)), 0) / forecast.length;
}
