import { ArgumentError } from "../errors.ts";
import { type ConfigKeys, checkKeys } from "../names/check-keys.ts";
import { describeValue } from "../names/describe.ts";
import { wholeNumber } from "../names/whole-number.ts";

/**
 * How the time loop of the recurrent op runs. `stream`: one dispatch for a run of steps, the state in workgroup memory.
 * `resident`: the same with the recurrent weights in workgroup memory too. `step`: one dispatch a step (two for a GRU
 * that resets before the product), the state in a buffer.
 */
export const RECURRENT_PLANS = ["resident", "stream", "step"] as const;

export type RecurrentPlan = (typeof RECURRENT_PLANS)[number];

/** Choices that tests and users may force; absent means: choose from limits and sizes. */
export interface KernelOptions {
  /** How time loops run. Where the device cannot run one so, it takes another plan; `sl.explain` says which. */
  readonly recurrentPlan?: RecurrentPlan;
  /** Time steps of one dispatch, where a dispatch runs several. Default: by cost. The bits are the same. */
  readonly recurrentChunk?: number;
  /**
   * Both directions of a bidirectional layer in one op: the time loops are one dispatch. Default false: two ops, which
   * took no longer on software adapters (docs/performance.md).
   */
  readonly bothDirections?: boolean;
}

const KEYS: ConfigKeys<KernelOptions> = {
  recurrentPlan: "string",
  recurrentChunk: "number",
  bothDirections: "boolean",
};

/** @throws {ArgumentError} for a choice that there is not. */
export function checkKernelOptions(label: string, options: KernelOptions): void {
  checkKeys(label, options, KEYS);
  const { recurrentPlan: plan, recurrentChunk: chunk } = options;
  if (plan !== undefined && !RECURRENT_PLANS.includes(plan)) {
    throw new ArgumentError(
      `${label}: received ${describeValue(plan)} as recurrentPlan. Expected one of ${RECURRENT_PLANS.join(", ")}.`,
    );
  }
  if (chunk !== undefined) wholeNumber(chunk, `${label}: recurrentChunk`);
}
