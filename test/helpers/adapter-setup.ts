import { newTestDevice } from "./adapter.ts";

/** Runs once before all tests: says which adapter they run on, or fails when the promised one is absent. */
export async function setup(): Promise<void> {
  const gpu = await newTestDevice();
  console.log(`\nadapter: ${gpu.adapterName}; features: ${[...gpu.features].join(", ")}\n`);
  gpu.destroy();
}
