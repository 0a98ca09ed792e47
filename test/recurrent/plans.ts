import type { KernelOptions } from "../../src/kernels/kernel-options.ts";
import { init } from "../../src/tensor/index.ts";
import { testDevice } from "../helpers/adapter.ts";

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
