/** Keras's `epsilon()`: what keeps its divisors and logarithms from 0. */
export const EPSILON = 1e-7;
