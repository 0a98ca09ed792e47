/** Choices that tests and users may force; absent means: choose from limits and sizes. */
export interface KernelOptions {
  readonly recurrentPlan?: "stream" | "step";
}
