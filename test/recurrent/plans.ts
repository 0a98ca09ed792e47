import type { KernelOptions } from "../../src/kernels/kernel-options.ts";
import { replaceEngine } from "../../src/tensor/current.ts";
import { idle, init } from "../../src/tensor/index.ts";
import { testDevice } from "../helpers/adapter.ts";
import { collectGarbage } from "../helpers/garbage.ts";

/** Every plan of the recurrent op. */
export const PLANS = [
  "resident",
  "stream",
  "step",
] as const satisfies readonly KernelOptions["recurrentPlan"][];

export type ForcedPlan = (typeof PLANS)[number];

/** An engine on the shared device that runs the recurrent op by this plan only. */
export async function forcePlan(recurrentPlan: ForcedPlan): Promise<void> {
  const { device } = await testDevice();
  await init({ device, kernels: { recurrentPlan } });
}

/**
 * Back to an engine of its own choice. What the forced one held is collected here, while nothing runs: not by chance in the
 * middle of other tests.
 */
export async function releasePlan(): Promise<void> {
  await idle();
  replaceEngine({});
  collectGarbage();
}
