import { type ConstraintLike, getConstraint, serializeConstraint } from "../constraints/resolve.ts";
import {
  getInitializer,
  type InitializerLike,
  serializeInitializer,
} from "../initializers/index.ts";
import type { KeyRule } from "../names/check-keys.ts";
import {
  getRegularizer,
  type RegularizerLike,
  serializeRegularizer,
} from "../regularizers/resolve.ts";
import type { ConfigDict } from "./layer-types.ts";
import type { WeightOwner } from "./weight-owner.ts";

/** How kernels and biases begin, and the penalties on them. */
export interface KernelConfig {
  /** First values of the kernel, or of each kernel. Default `"glorotUniform"`. */
  readonly kernelInitializer?: InitializerLike;
  /** First values of the bias, or of each bias. Default `"zeros"`. */
  readonly biasInitializer?: InitializerLike;
  /** Penalty on each kernel. Default none. */
  readonly kernelRegularizer?: RegularizerLike | null;
  /** Penalty on each bias. Default none. */
  readonly biasRegularizer?: RegularizerLike | null;
}

/** The same, and what holds kernels and biases while they are trained. */
export interface ConstrainedKernelConfig extends KernelConfig {
  /** What training brings each kernel back to after each update. Default none. */
  readonly kernelConstraint?: ConstraintLike | null;
  /** The same for each bias. Default none. */
  readonly biasConstraint?: ConstraintLike | null;
}

export const kernelKeys: Readonly<Record<keyof KernelConfig, KeyRule>> = {
  kernelInitializer: "any",
  biasInitializer: "any",
  kernelRegularizer: "any",
  biasRegularizer: "any",
};

export const constrainedKernelKeys: Readonly<Record<keyof ConstrainedKernelConfig, KeyRule>> = {
  ...kernelKeys,
  kernelConstraint: "any",
  biasConstraint: "any",
};

type KernelSettings = ReturnType<typeof resolveKernel>;
type ConstrainedKernelSettings = ReturnType<typeof resolveConstrainedKernel>;

/** @throws {ArgumentError} for unknown names. */
export function resolveKernel(config: KernelConfig) {
  return {
    kernelInitializer: getInitializer(config.kernelInitializer ?? "glorotUniform"),
    biasInitializer: getInitializer(config.biasInitializer ?? "zeros"),
    kernelRegularizer: getRegularizer(config.kernelRegularizer),
    biasRegularizer: getRegularizer(config.biasRegularizer),
  };
}

/** @throws {ArgumentError} for unknown names. */
export function resolveConstrainedKernel(config: ConstrainedKernelConfig) {
  return {
    ...resolveKernel(config),
    kernelConstraint: getConstraint(config.kernelConstraint),
    biasConstraint: getConstraint(config.biasConstraint),
  };
}

export function serializeKernel(settings: KernelSettings): ConfigDict {
  return {
    kernelInitializer: serializeInitializer(settings.kernelInitializer),
    biasInitializer: serializeInitializer(settings.biasInitializer),
    kernelRegularizer: serializeRegularizer(settings.kernelRegularizer),
    biasRegularizer: serializeRegularizer(settings.biasRegularizer),
  };
}

export function serializeConstrainedKernel(settings: ConstrainedKernelSettings): ConfigDict {
  return {
    ...serializeKernel(settings),
    kernelConstraint: serializeConstraint(settings.kernelConstraint),
    biasConstraint: serializeConstraint(settings.biasConstraint),
  };
}

/** Makes the weights `kernel` and, where a shape is given for it, `bias`; `place` (`query/`) goes in front of the names. */
export function addKernel(
  owner: WeightOwner,
  of: ConstrainedKernelSettings,
  shapes: { readonly kernel: readonly number[]; readonly bias: readonly number[] | null },
  place = "",
): void {
  owner.addWeight(
    `${place}kernel`,
    shapes.kernel,
    "float32",
    of.kernelInitializer,
    of.kernelRegularizer,
    true,
    of.kernelConstraint,
  );
  if (shapes.bias === null) return;
  owner.addWeight(
    `${place}bias`,
    shapes.bias,
    "float32",
    of.biasInitializer,
    of.biasRegularizer,
    true,
    of.biasConstraint,
  );
}
