import * as sl from "sluice";
import type { Corpus } from "./corpus.ts";
import { cutWindows } from "./windows.ts";

/** How a model is judged on the held-out part. */
export interface Judgement {
  /** Characters that a window shows before those that it is judged by. */
  readonly context: number;
  /** Characters of a window that are predicted and count. */
  readonly judged: number;
  /** Windows a run. Default 32. */
  readonly batchSize?: number;
  /** Most windows, evenly spread; for a quick estimate. Default: all. */
  readonly windows?: number;
}

/** One window: where it begins, and how many of its last `judged` characters count. */
interface HeldOutWindow {
  readonly start: number;
  readonly counted: number;
}

/**
 * Bits per character on the held-out part: the mean of -log₂ of the probability that the model gave each of its
 * characters. Each is predicted once, by a window that shows at least `context` characters before it (those before the
 * first held-out ones belong to the part that is trained on); what the model says of these does not count.
 */
export function createJudge(
  model: { apply(x: sl.Tensor): sl.Tensor },
  corpus: Corpus,
  { context, judged, batchSize = 32, windows = Number.POSITIVE_INFINITY }: Judgement,
): { readonly characters: number; bits(): Promise<number>; dispose(): void } {
  const chosen = spread(heldOutWindows(corpus, context, judged), windows);
  const characters = chosen.reduce((sum, { counted }) => sum + counted, 0);
  // The sum over the characters of a batch that count, in nats; [B, T] ids and labels, [B, judged] factors.
  const cost = sl.compile((xs: sl.Tensor, ys: sl.Tensor, weights: sl.Tensor) => {
    const logits = model.apply(xs).slice([0, context, 0], [-1, judged, -1]); // [B, judged, V]
    const labels = ys.slice([0, context], [-1, judged]); // [B, judged]
    const options = { fromLogits: true, reduction: "none" } as const;
    const costs = sl.losses.sparseCategoricalCrossentropy(labels, logits, null, options);
    return costs.mul(weights).sum();
  });
  const run = (batch: readonly HeldOutWindow[]): sl.Tensor => {
    const starts = batch.map(({ start }) => start);
    const { xs, ys } = cutWindows(corpus.ids, starts, context + judged);
    return cost(xs, ys, factors(batch, judged));
  };
  return {
    characters,
    async bits() {
      let nats = 0;
      for (let first = 0; first < chosen.length; first += batchSize) {
        const [sum = Number.NaN] = await run(chosen.slice(first, first + batchSize)).data();
        nats += sum;
      }
      return nats / characters / Math.LN2;
    },
    dispose: () => cost.dispose(),
  };
}

/** Windows whose judged characters are, together, the held-out part; the last one ends with the text. */
function heldOutWindows({ ids, cut }: Corpus, context: number, judged: number): HeldOutWindow[] {
  const heldOut = ids.length - cut;
  if (heldOut < judged || cut <= context) {
    const need = `more than ${context} characters to train on and ${judged} held out`;
    throw new RangeError(`text: ${cut} and ${heldOut} characters, expected ${need}.`);
  }
  return Array.from({ length: Math.ceil(heldOut / judged) }, (_, i) => {
    const first = cut + i * judged;
    const end = Math.min(first + judged, ids.length);
    // The first judged character is the label of the one before it.
    return { start: end - judged - context - 1, counted: end - first };
  });
}

function spread(windows: readonly HeldOutWindow[], most: number): HeldOutWindow[] {
  const step = Math.max(1, windows.length / most);
  const count = Math.min(most, windows.length);
  return Array.from({ length: count }, (_, i) => windows[Math.floor(i * step)]).filter(
    (window) => window !== undefined,
  );
}

/** Ones for the characters that count: the last ones of each window. */
function factors(batch: readonly HeldOutWindow[], judged: number): sl.Tensor {
  const weights = new Float32Array(batch.length * judged);
  batch.forEach(({ counted }, b) => {
    weights.fill(1, (b + 1) * judged - counted, (b + 1) * judged);
  });
  return sl.tensor2d(weights, [batch.length, judged]); // [B, judged]
}
