/** Functions that JavaScript's Math lacks, in double precision. */

/**
 * Error function, from the series whose terms all have one sign, so that nothing cancels:
 * erf(x) = 2/√π · exp(-x²) · Σ 2ⁿ x²ⁿ⁺¹ / (2n+1)!!   (Abramowitz & Stegun 7.1.6)
 */
export function erf(x: number): number {
  if (Number.isNaN(x)) return x;
  if (Math.abs(x) >= 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** Nearest whole number; a half goes to the even neighbour, as IEEE 754, WGSL and NumPy round. */
export function roundHalfEven(x: number): number {
  const low = Math.floor(x);
  const rest = x - low;
  if (rest < 0.5) return low;
  if (rest > 0.5) return low + 1;
  return low % 2 === 0 ? low : low + 1;
}

/**
 * The inverse of `erf` on (-1, 1): a rational start, then Newton steps to double precision.
 * Start: S. Winitzki, "A handy approximation for the error function and its inverse" (2008).
 */
export function erfInverse(y: number): number {
  if (Math.abs(y) >= 1) return Math.abs(y) === 1 ? y * Number.POSITIVE_INFINITY : Number.NaN;
  const a = 0.147;
  const logTerm = Math.log(1 - y * y);
  const half = 2 / (Math.PI * a) + logTerm / 2;
  let x = Math.sign(y) * Math.sqrt(Math.sqrt(half * half - logTerm / a) - half);
  for (let step = 0; step < 4; step++) {
    x -= (erf(x) - y) / ((2 / Math.sqrt(Math.PI)) * Math.exp(-x * x));
  }
  return x;
}
