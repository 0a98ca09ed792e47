import { describe, expect, test } from "vitest";
import { specOf } from "../../src/graph/spec.ts";
import { lowerCtcLoss, lowerCtcLossGradient } from "../../src/kernels/ctc-loss.ts";
import { expectClose } from "../helpers/compare.ts";
import { randomFloats } from "../helpers/random-values.ts";
import { pipelineCount, runKernel, tensor } from "../helpers/run-kernel.ts";
import { tolerances } from "../helpers/tolerances.ts";

interface Case {
  /** B, T, C, L. */
  readonly sizes: readonly [number, number, number, number];
  readonly labels: readonly number[];
  readonly inputLengths: readonly number[];
  readonly labelLengths: readonly number[];
  readonly dy?: readonly number[];
  readonly seed?: number;
}

/** Log-probabilities whose rows sum to 1. */
function logProbsOf({ sizes: [rows, steps, classes], seed = 3 }: Case): Float32Array {
  const x = randomFloats(rows * steps * classes, seed, 3);
  for (let i = 0; i < x.length; i += classes) {
    const row = [...x.subarray(i, i + classes)];
    const total = Math.log(row.reduce((sum, value) => sum + Math.exp(value), 0));
    for (let c = 0; c < classes; c++) x[i + c] = (x[i + c] ?? 0) - total;
  }
  return x;
}

async function run(given: Case, limits = {}): Promise<{ loss: number[]; gradient: number[] }> {
  const [rows, steps, classes, width] = given.sizes;
  const inputs = [
    tensor([rows, steps, classes], logProbsOf(given)),
    tensor([rows, width], Int32Array.from(given.labels)),
    tensor([rows], Int32Array.from(given.inputLengths)),
    tensor([rows], Int32Array.from(given.labelLengths)),
  ];
  const [loss] = await runKernel({
    lower: lowerCtcLoss,
    inputs,
    outputs: [specOf([rows])],
    limits,
  });
  const dy = tensor([rows], Float32Array.from(given.dy ?? new Array(rows).fill(1)));
  const [gradient] = await runKernel({
    lower: lowerCtcLossGradient,
    inputs: [...inputs, dy],
    outputs: [specOf([rows, steps, classes])],
    limits,
  });
  return { loss: [...(loss ?? [])], gradient: [...(gradient ?? [])] };
}

/**
 * The definition, with no dynamic programming: every path of classes over the steps of a row that says its labels, once
 * repeats are merged and blanks are taken out. Probability of the labels, and its part that has class c at step t.
 */
function byAllPaths(given: Case, row: number): { loss: number; gradient: number[] } {
  const [, steps, classes, width] = given.sizes;
  const y = logProbsOf(given).subarray(row * steps * classes, (row + 1) * steps * classes);
  const length = given.inputLengths[row] ?? 0;
  const begin = row * width;
  const wanted = given.labels.slice(begin, begin + (given.labelLengths[row] ?? 0)).join();
  const shares = new Array<number>(steps * classes).fill(0);
  let total = 0;
  for (let number = 0; number < classes ** length; number++) {
    const path = Array.from({ length }, (_, t) => Math.floor(number / classes ** t) % classes);
    const said = path.filter((c, t) => c !== 0 && c !== path[t - 1]).join();
    if (said !== wanted) continue;
    const p = Math.exp(path.reduce((sum, c, t) => sum + (y[t * classes + c] ?? 0), 0));
    total += p;
    path.forEach((c, t) => {
      shares[t * classes + c] = (shares[t * classes + c] ?? 0) + p;
    });
  }
  return {
    loss: -Math.log(total),
    gradient: shares.map((share) => (share === 0 ? 0 : -share / total)),
  };
}

function expectAllPaths(given: Case, { loss, gradient }: { loss: number[]; gradient: number[] }) {
  const [rows, steps, classes] = given.sizes;
  for (let row = 0; row < rows; row++) {
    const expected = byAllPaths(given, row);
    expectClose([loss[row] ?? 0], [expected.loss], { ...tolerances.loss, label: `loss ${row}` });
    const own = gradient.slice(row * steps * classes, (row + 1) * steps * classes);
    expectClose(own, expected.gradient, { ...tolerances.gradient, label: `gradient ${row}` });
  }
}

const plain: Case = {
  sizes: [5, 6, 3, 3],
  // Repeated labels, rows shorter than the widest, a row of no label, one that just fits.
  labels: [1, 1, 2, 2, 0, 0, 0, 0, 0, 1, 2, 1, 2, 2, 2],
  inputLengths: [6, 5, 3, 3, 5],
  labelLengths: [3, 1, 0, 3, 3],
};

describe("ctcLoss kernels", () => {
  test("sum over all alignments, and over those that are in a class at a step", async () => {
    expectAllPaths(plain, await run(plain));
  });

  test("count workgroups beyond one dimension of the grid", async () => {
    expectAllPaths(plain, await run(plain, { maxComputeWorkgroupsPerDimension: 4 }));
  });

  test("labels that do not fit cost infinity and have a gradient of NaN, unless dy is 0", async () => {
    // 1 1 needs a blank between: three steps. Row 2 has no steps at all, row 3 neither steps nor labels.
    const given: Case = {
      sizes: [4, 3, 3, 2],
      labels: [1, 1, 1, 1, 1, 2, 0, 0],
      inputLengths: [2, 2, 0, 0],
      labelLengths: [2, 2, 2, 0],
      dy: [1, 0, 1, 1],
    };
    const { loss, gradient } = await run(given);
    expect(loss).toEqual([Infinity, Infinity, Infinity, 0]);
    const [hopeless, masked] = [gradient.slice(0, 6), gradient.slice(9, 18)];
    expect(hopeless.some(Number.isNaN)).toBe(true);
    expect(masked).toEqual(new Array(9).fill(0));
    // Steps past the end of a row have no part in its loss.
    for (const row of [0, 2, 3]) {
      const first = row * 9 + (given.inputLengths[row] ?? 0) * 3;
      expect(gradient.slice(first, (row + 1) * 9).every((x) => x === 0)).toBe(true);
    }
  });

  test("a label that is no class, or the blank, gives NaN in its row alone", async () => {
    const given: Case = {
      sizes: [4, 5, 3, 2],
      labels: [1, 2, 1, 3, -7, 1, 1, 0],
      inputLengths: [5, 5, 5, 5],
      labelLengths: [2, 2, 2, 2],
    };
    const { loss } = await run(given);
    expect(loss.map(Number.isNaN)).toEqual([false, true, true, true]);
  });

  test("long rows stay exact: the sums of each step are one distribution", async () => {
    // Σ over classes of the gradient is -1 at every step, whatever the labels: some state it is in.
    const [rows, steps, classes, width] = [2, 700, 6, 90];
    const labels = Array.from({ length: rows * width }, (_, i) => (((i * 7) % 13) % 5) + 1);
    const given: Case = {
      sizes: [rows, steps, classes, width],
      labels,
      inputLengths: [700, 653],
      labelLengths: [90, 61],
    };
    const { loss, gradient } = await run(given);
    const sums = Array.from({ length: rows * steps }, (_, i) =>
      gradient.slice(i * classes, (i + 1) * classes).reduce((sum, x) => sum + x, 0),
    );
    const expected = sums.map((_, i) =>
      i % steps < (given.inputLengths[i < steps ? 0 : 1] ?? 0) ? -1 : 0,
    );
    expectClose(sums, expected, tolerances.arithmetic);
    const wanted = [0, 1].map((row) => forwardLoss(given, row));
    expectClose(loss, wanted, tolerances.loss);
  });

  test("make no pipeline for other lengths", async () => {
    await run(plain);
    const before = pipelineCount();
    await run({
      sizes: [3, 9, 5, 2],
      labels: [1, 2, 3, 4, 2, 0],
      inputLengths: [9, 8, 2],
      labelLengths: [2, 2, 1],
    });
    expect(pipelineCount()).toBe(before);
  });
});

/** The forward recursion of Graves et al. 2006, equations 6 to 8, in float64. */
function forwardLoss(given: Case, row: number): number {
  const [, steps, classes, width] = given.sizes;
  const y = logProbsOf(given).subarray(row * steps * classes);
  const length = given.labelLengths[row] ?? 0;
  const states = [0];
  for (const label of given.labels.slice(row * width, row * width + length)) states.push(label, 0);
  const logAdd = (...terms: number[]): number => {
    const most = Math.max(...terms);
    if (most === -Infinity) return most;
    return most + Math.log(terms.reduce((sum, x) => sum + Math.exp(x - most), 0));
  };
  let sums = states.map((c, s) => (s < 2 ? (y[c] ?? 0) : -Infinity));
  for (let t = 1; t < (given.inputLengths[row] ?? 0); t++) {
    sums = states.map((c, s) => {
      const isSkip = c !== 0 && c !== states[s - 2];
      const reached = logAdd(
        sums[s] ?? -Infinity,
        sums[s - 1] ?? -Infinity,
        isSkip ? (sums[s - 2] ?? -Infinity) : -Infinity,
      );
      return reached + (y[t * classes + c] ?? 0);
    });
  }
  return -logAdd(sums.at(-1) ?? -Infinity, sums.at(-2) ?? -Infinity);
}
