import { ArgumentError } from "../errors.ts";
import type { DType } from "../graph/dtype.ts";
import { type ConfigKeys, checkKeys } from "../names/check-keys.ts";
import { describeValue } from "../names/describe.ts";
import { isWholeNumber } from "../names/whole-number.ts";
import type { LayerShape } from "./layer-shape.ts";
import { SymbolicTensor } from "./symbolic.ts";

/** What `input` takes: `shape`, or `batchShape`. */
export interface InputConfig {
  /** Shape of one sample; null takes any size: `[null, 8]` for sequences of any length. */
  readonly shape?: LayerShape;
  /** The same with the batch in front. */
  readonly batchShape?: LayerShape;
  /** Fixed number of samples a batch, for stateful layers. Default: any. */
  readonly batchSize?: number;
  /** Default `"float32"`. */
  readonly dtype?: DType;
  /** Under which data may be given by name. Default: `input_1`, `input_2`, … */
  readonly name?: string;
}

const keys: ConfigKeys<InputConfig> = {
  shape: "any",
  batchShape: "any",
  batchSize: "number",
  dtype: "string",
  name: "string",
  sparse: "notYet",
};

let count = 0;

/**
 * The place where data enters a functional model.
 *
 * Counterpart of `tf.input` and `keras.Input`.
 *
 * @example
 * const x = sl.input({ shape: [10, 1] });
 * const h = sl.layers.gru({ units: 8 }).apply(x);
 * const net = sl.model({ inputs: x, outputs: sl.layers.dense({ units: 1 }).apply(h) });
 *
 * @throws {ArgumentError} unless exactly one of `shape` and `batchShape` is given.
 */
export function input(config: InputConfig): SymbolicTensor {
  checkKeys("input", config, keys);
  const { shape, batchShape } = config;
  const batchSize = config.batchSize ?? null;
  const dtype = config.dtype ?? "float32";
  if ((shape === undefined) === (batchShape === undefined)) {
    throw new ArgumentError(
      "input: expected either shape, [10, 1] without the batch, or batchShape, [32, 10, 1] with it.",
    );
  }
  for (const given of [shape, batchShape]) {
    if (given === undefined || Array.isArray(given)) continue;
    throw new ArgumentError(
      `input: received shape ${describeValue(given)}. Expected a list: [10, 1].`,
    );
  }
  const whole = batchShape ?? [batchSize, ...(shape ?? [])];
  const wrong = whole.find((dim) => dim !== null && !isWholeNumber(dim, 1));
  if (wrong !== undefined) {
    throw new ArgumentError(
      `input: received shape [${whole.join(", ")}]. Expected whole numbers from 1 on, or null for any size.`,
    );
  }
  count++;
  return new SymbolicTensor({ shape: whole, dtype, name: config.name ?? `input_${count}` });
}
