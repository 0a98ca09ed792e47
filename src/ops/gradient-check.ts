import { ArgumentError } from "../errors.ts";
import type { HostScalar } from "../graph/host-scalar.ts";
import type { Value } from "../graph/node.ts";
import { specOf } from "../graph/spec.ts";
import { gradientArenas, lowerGradientCheck } from "../kernels/gradient-check.ts";
import type { Op } from "./op.ts";
import { firstOutput, outputOf, record } from "./record.ts";

/**
 * What an optimizer asks before it updates. Inputs: gradients, the fault so far int32[4], and perhaps the
 * loss. Outputs: control float32[4] = (global L2 norm, 1 when the update may happen else 0, norm / 2^80, 0) and
 * fault int32[4] = (refused updates, number + 1 of the first one, 0, 0). It may happen when every gradient and
 * the loss are finite and, if faults are sticky, there was none before. The norm of finite gradients may be more
 * than any float32, norm / 2^80 is not.
 */
export const gradientCheckOp: Op = {
  name: "gradientCheck",
  infer: (inputs, attributes) => {
    if (attributes.gradients === 0) {
      throw new ArgumentError("gradientCheck: received no gradients. Expected at least one.");
    }
    const wrong = inputs
      .slice(0, attributes.gradients as number)
      .find((x) => x.dtype !== "float32");
    if (wrong)
      throw new ArgumentError(`gradientCheck: a gradient is ${wrong.dtype}. Expected float32.`);
    return [specOf([4]), specOf([4], "int32")];
  },
  gradient: () => [],
  lowering: {
    kind: "kernel",
    lower: (context) => lowerGradientCheck(context),
    colocated: (node) => gradientArenas(node),
  },
};

/** What is looked over. */
export interface GradientCheckInputs {
  readonly gradients: readonly Value[];
  /** Scalar that has to be finite, too. */
  readonly loss?: Value | undefined;
  /** int32[4]. */
  readonly fault: Value;
}

/** Number of the update, and 1 if a fault refuses all updates after it. */
export interface GradientCheckScalars {
  readonly step: HostScalar;
  readonly sticky: HostScalar;
}

export function gradientCheck(
  { gradients, loss, fault }: GradientCheckInputs,
  { step, sticky }: GradientCheckScalars,
): { control: Value; fault: Value } {
  const inputs = loss ? [...gradients, fault, loss] : [...gradients, fault];
  const attributes = { gradients: gradients.length, hasLoss: loss !== undefined };
  const node = record(gradientCheckOp, inputs, attributes, { scalars: [step, sticky] });
  return { control: firstOutput(node), fault: outputOf(node, 1) };
}
