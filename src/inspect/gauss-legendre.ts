/** Where a function is to be looked at, and how much each look counts. */
export interface Quadrature {
  readonly nodes: readonly number[];
  readonly weights: readonly number[];
}

/**
 * Gauss-Legendre quadrature on [0, 1]: Σ w·f(x) is the integral of f, exactly for polynomials up to degree 2n - 1.
 *
 * The nodes are the roots of the Legendre polynomial Pₙ, found by Newton's method from the estimates
 * cos(π(k - 1/4)/(n + 1/2)); the weights 2/((1 - x²)Pₙ'(x)²), for [-1, 1]. Source: Abramowitz and Stegun, 25.4.29.
 */
export function gaussLegendre(n: number): Quadrature {
  const nodes: number[] = [];
  const weights: number[] = [];
  for (let k = 1; k <= n; k++) {
    let x = Math.cos((Math.PI * (k - 0.25)) / (n + 0.5));
    let slope = 1;
    for (let i = 0; i < 100; i++) {
      const value = legendre(n, x);
      slope = value.slope;
      const step = value.value / slope;
      x -= step;
      if (Math.abs(step) < 1e-15) break;
    }
    nodes.push((1 - x) / 2);
    weights.push(1 / ((1 - x * x) * slope * slope));
  }
  return { nodes, weights };
}

/** Pₙ(x) and Pₙ'(x), by the recurrence (j + 1)P_{j+1} = (2j + 1)x·P_j - j·P_{j-1}. */
function legendre(n: number, x: number): { value: number; slope: number } {
  let [before, value] = [1, x];
  for (let j = 1; j < n; j++) {
    [before, value] = [value, ((2 * j + 1) * x * value - j * before) / (j + 1)];
  }
  return { value, slope: (n * (x * value - before)) / (x * x - 1) };
}
