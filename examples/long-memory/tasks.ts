import * as sl from "sluice";
import { type Random, wholeNumber } from "./random.ts";

/** Sequences, and what is to come out of them. */
export interface Samples {
  /** [B, T, I] */
  readonly x: sl.Tensor;
  /** [B, 1] numbers, or [B, T] symbols. */
  readonly y: sl.Tensor;
}

/** Something to remember. */
export interface Task {
  readonly name: string;
  /** T */
  readonly steps: number;
  /** I */
  readonly inputs: number;
  /** Whether an answer is asked for at every step, or at the last one. */
  readonly everyStep: boolean;
  /** Numbers of an answer. */
  readonly outputs: number;
  readonly loss: "meanSquaredError" | sl.losses.LossFunction;
  /** Name of the figure that counts, and its value for who remembers nothing. */
  readonly figure: string;
  readonly baseline: number;
  /** Draws new sequences. */
  readonly draw: (random: Random, count: number) => Samples;
  /** The figure of predictions, a scalar. */
  readonly judge: (samples: Samples, predictions: sl.Tensor) => sl.Tensor;
  readonly isSolved: (figure: number) => boolean;
}

/**
 * The adding problem (Hochreiter and Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735, section 5.4): numbers between 0
 * and 1 stream by, two are marked, and their sum is asked for at the end. One mark stands in the first half and one in
 * the second, as in Arjovsky et al. 2016 (arXiv:1511.06464). Who always says 1 errs by 1/6 in the mean square.
 */
export function adding(steps: number): Task {
  return {
    name: `adding, T = ${steps}`,
    steps,
    inputs: 2,
    everyStep: false,
    outputs: 1,
    loss: "meanSquaredError",
    figure: "mean squared error",
    baseline: 1 / 6,
    draw: (random, count) => drawSums(random, { count, steps }),
    judge: ({ y }, predictions) => predictions.sub(y).square().mean(),
    isSolved: (error) => error < 0.01,
  };
}

function drawSums(random: Random, { count, steps }: { count: number; steps: number }): Samples {
  const x = new Float32Array(count * steps * 2); // [B, T, 2]
  const y = new Float32Array(count); // [B, 1]
  const half = Math.floor(steps / 2);
  for (let row = 0; row < count; row++) {
    const marked = [wholeNumber(random, 0, half), wholeNumber(random, half, steps)];
    for (let t = 0; t < steps; t++) {
      const at = 2 * (row * steps + t);
      const number = random();
      x[at] = number;
      if (!marked.includes(t)) continue;
      x[at + 1] = 1;
      y[row] = (y[row] ?? 0) + number;
    }
  }
  return { x: sl.tensor3d(x, [count, steps, 2]), y: sl.tensor2d(y, [count, 1]) };
}

/** Symbols to remember, and how many different ones there are. */
const SYMBOLS = 10;
const ALPHABET = 8;
const BLANK = 0;
const GO = ALPHABET + 1;

/**
 * Copy memory (Arjovsky et al. 2016, arXiv:1511.06464, section 5.1): ten symbols out of eight, `lag` blanks, a sign, and
 * then the ten symbols are asked for in their order. Before, the answer is blank. Who guesses is right once in eight.
 */
export function copyMemory(lag: number): Task {
  const steps = lag + 2 * SYMBOLS;
  return {
    name: `copy memory, lag ${lag}`,
    steps,
    inputs: ALPHABET + 2,
    everyStep: true,
    outputs: ALPHABET + 1,
    loss: (y, logits) => sl.losses.sparseCategoricalCrossentropy(y, logits, undefined, LOGITS),
    figure: "symbols recalled",
    baseline: 1 / ALPHABET,
    draw: (random, count) => drawCopies(random, { count, lag }),
    judge: ({ y }, logits) => {
      const answers = logits.slice([0, steps - SYMBOLS, 0], [-1, SYMBOLS, -1]).argMax(-1);
      const asked = y.slice([0, steps - SYMBOLS], [-1, SYMBOLS]);
      return sl.equal(answers, asked.cast("int32")).cast("float32").mean();
    },
    isSolved: (share) => share > 0.99,
  };
}

const LOGITS = { fromLogits: true };

function drawCopies(random: Random, { count, lag }: { count: number; lag: number }): Samples {
  const steps = lag + 2 * SYMBOLS;
  const inputs = ALPHABET + 2;
  const x = new Float32Array(count * steps * inputs); // [B, T, I], one-hot
  const y = new Float32Array(count * steps); // [B, T]
  for (let row = 0; row < count; row++) {
    const symbols = Array.from({ length: SYMBOLS }, () => wholeNumber(random, 1, GO));
    for (let t = 0; t < steps; t++) {
      // The sign to begin stands on the last step of the lag: the first answer comes right after it.
      const sign = t === steps - SYMBOLS - 1 ? GO : BLANK;
      x[(row * steps + t) * inputs + (symbols[t] ?? sign)] = 1;
      y[row * steps + t] = symbols[t - (steps - SYMBOLS)] ?? BLANK;
    }
  }
  return { x: sl.tensor3d(x, [count, steps, inputs]), y: sl.tensor2d(y, [count, steps]) };
}
