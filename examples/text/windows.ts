import * as sl from "sluice";
import { randomFrom, wholeNumber } from "../long-memory/random.ts";
import type { Corpus } from "./corpus.ts";

/** Batches of windows: each row holds characters that follow each other, and as labels those that come one later. */
export interface Batch {
  readonly xs: sl.Tensor; // [B, T] int32
  readonly ys: sl.Tensor; // [B, T] int32
}

export interface WindowOptions {
  /** Windows a batch, B. */
  readonly batchSize: number;
  /** Characters a window, T. */
  readonly time: number;
  /** Decides where the windows begin. */
  readonly seed: number;
  /** Batches a pass. */
  readonly batches: number;
}

/**
 * Windows from anywhere in the part that is trained on. Where those of a pass begin is a function of the seed and the
 * number of the pass, so that training which goes on gets the windows that it would have got.
 */
export function randomWindows(
  corpus: Corpus,
  options: WindowOptions,
): (pass: number) => Iterable<Batch> {
  const { batchSize, time, seed, batches } = options;
  const end = corpus.cut - time; // the label of the last character is trained on, too
  if (end < 1) {
    throw new RangeError(`text: ${corpus.cut} characters to train on, expected more than ${time}.`);
  }
  return function* (pass) {
    const random = randomFrom(seed + Math.imul(pass + 1, 0x9e3779b9));
    for (let batch = 0; batch < batches; batch++) {
      const starts = Array.from({ length: batchSize }, () => wholeNumber(random, 0, end));
      yield cutWindows(corpus.ids, starts, time);
    }
  };
}

/** The windows of `time` characters that begin at these places, as one batch. */
export function cutWindows(ids: Int32Array, starts: readonly number[], time: number): Batch {
  const rows = (shift: number): Int32Array => {
    const all = new Int32Array(starts.length * time);
    starts.forEach((start, b) => {
      all.set(ids.subarray(start + shift, start + shift + time), b * time);
    });
    return all;
  };
  const shape: [number, number] = [starts.length, time];
  return { xs: sl.tensor2d(rows(0), shape, "int32"), ys: sl.tensor2d(rows(1), shape, "int32") };
}
