import type { DType } from "../graph/dtype.ts";
import type { Tensor, TensorLike } from "../tensor/index.ts";
import type { DTypePolicy } from "./dtype-policy.ts";
import type { LayerShape } from "./layer-shape.ts";

/** What every layer takes. */
export interface LayerConfig {
  /** Unique in a model. Default: the class name and a number, `lstm_1`. */
  readonly name?: string;
  /** Whether training changes the weights. Default true. */
  readonly trainable?: boolean;
  /** Shape of one example, without the batch; wanted for the first layer of a model only. */
  readonly inputShape?: LayerShape;
  /** The same with the batch: `[32, 10, 1]`, or `[null, 10, 1]`. */
  readonly batchInputShape?: LayerShape;
  /** Batch size in front of `inputShape`; stateful layers need it. Default: any. */
  readonly batchSize?: number;
  /** Dtype of the input. Default `"float32"`. */
  readonly inputDType?: DType;
  /** `"mixed_float16"` keeps what the layer computes in half the memory. Default: as `setDTypePolicy` says. */
  readonly dtype?: DTypePolicy;
  /** @internal What `getConfig` writes of a layer without a `dtype` of its own, unless it is `"float32"`. */
  readonly policyInForce?: DTypePolicy;
  /** First weights, in the order of `getWeights()`. */
  readonly weights?: readonly TensorLike[];
}

/** Arguments of one call. Layers add their own; what a layer does not know it passes over. */
export interface CallOptions {
  /** Whether dropout and the like are on. Default: as in the call around, else false. */
  readonly training?: boolean | undefined;
  /** Bool [B, T], true where a step counts. Default: what travels with the input. Null: none. */
  readonly mask?: Mask | undefined;
  readonly [option: string]: unknown;
}

/** One mask, or one for each input. */
export type Mask = Tensor | null | readonly (Tensor | null)[];

/** What a layer gives: one tensor or several. */
export interface LayerOutputs<T> {
  readonly one: T;
  readonly many: T[];
}
export type OutputCount = keyof LayerOutputs<Tensor>;
/** Plain data that describes a layer; `new` of its class takes it. */
export type ConfigDict = Record<string, unknown>;
