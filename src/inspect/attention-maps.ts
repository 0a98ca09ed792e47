import { ArgumentError } from "../errors.ts";
import { observeAttention } from "../layers/attention-observer.ts";
import { isWholeNumber } from "../names/whole-number.ts";
import type { Tensor } from "../tensor/index.ts";
import type { ModelData } from "../train/batches/data.ts";
import type { Model } from "../train/index.ts";
import { inputsFor, oneOrAll, readAll, withoutWrites } from "./watch.ts";

/** What one attention layer looks at. */
export interface AttentionMap {
  /** Name of the layer; those inside of blocks have the block's name in front. */
  readonly layer: string;
  /** Its class: `"MultiHeadAttention"`. */
  readonly kind: string;
  /** [B, N, T, S]: samples, heads, queries, keys. */
  readonly shape: readonly [number, number, number, number];
  /** Row-major: what each query takes of each key's value. A row adds up to 1, or to 0 where a query sees no key. */
  readonly data: Float32Array;
  /** The map of one head for one sample: a row [S] for each query. */
  head(sample: number, head: number): Float32Array[];
}

/**
 * What every attention layer of a model looks at, per head, in the order in which the model applies them: each query's
 * weights over the keys.
 *
 * The numbers are those of inference (no dropout), in one plan and with one wait. The kernels never store these T×S
 * weights; here they are computed once more from queries and keys.
 *
 * @example
 * const [first] = await sl.inspect.attentionMaps(net, x);
 * const rows = first.head(0, 1); // sample 0, head 1: rows[t][s] is what step t takes of step s
 *
 * @param x Samples, as `predict` takes them; they are one batch.
 * @throws {ArgumentError} for what is no model, or a model that has no attention layer.
 * @throws {ShapeError} when x does not fit.
 */
export async function attentionMaps(model: Model, x: ModelData): Promise<AttentionMap[]> {
  const label = "inspect.attentionMaps";
  const inputs = inputsFor(label, model, x);
  const seen: { layer: string; kind: string; scores: Tensor }[] = [];
  withoutWrites(() =>
    observeAttention(
      (layer, scores) => {
        seen.push({ layer: layer.name, kind: layer.getClassName(), scores: scores() });
      },
      () => model.apply(oneOrAll(inputs), { training: false }),
    ),
  );
  if (seen.length === 0) {
    throw new ArgumentError(
      `${label}: the model has no attention layer. Expected one such as multiHeadAttention or transformerEncoder.`,
    );
  }
  const read = await readAll(
    seen.map(({ scores }) => scores),
    label,
  );
  return seen.map(({ layer, kind, scores }, i) =>
    mapOf({ layer, kind }, scores.shape, read[i] ?? new Float32Array()),
  );
}

/** Scores [B, T, S] of a layer without heads are those of one head. */
function mapOf(
  { layer, kind }: { layer: string; kind: string },
  scores: readonly number[],
  data: Float32Array,
): AttentionMap {
  const [time = 0, source = 0] = scores.slice(-2);
  const heads = scores.length === 3 ? 1 : (scores[1] ?? 1);
  const batch = scores[0] ?? 0;
  const head = (sample: number, index: number): Float32Array[] => {
    const isOneOf = (i: number, count: number): boolean => isWholeNumber(i, 0) && i < count;
    if (!isOneOf(sample, batch) || !isOneOf(index, heads)) {
      throw new ArgumentError(
        `${layer}: received sample ${sample}, head ${index}. Expected a sample from 0 to ${batch - 1} and a head from 0 to ` +
          `${heads - 1}.`,
      );
    }
    const begin = (sample * heads + index) * time * source;
    return Array.from({ length: time }, (_, t) =>
      data.slice(begin + t * source, begin + (t + 1) * source),
    );
  };
  return { layer, kind, shape: [batch, heads, time, source], data, head };
}
