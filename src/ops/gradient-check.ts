import { ArgumentError } from "../errors.ts";
import type { HostScalar } from "../graph/host-scalar.ts";
import type { Value } from "../graph/node.ts";
import { specOf } from "../graph/spec.ts";
import { gradientArenas, lowerGradientCheck } from "../kernels/gradient-check.ts";
import type { Op } from "./op.ts";
import { firstOutput, outputOf, record } from "./record.ts";

/**
 * What an optimizer asks before it updates. Inputs: gradients, the fault so far int32[4], perhaps the loss, and perhaps
 * a loss scale that follows the gradients, float32[4] = (scale, 1 / scale, good steps, 0). Outputs: control float32[4] =
 * (global L2 norm, 1 when the update may happen else 0, norm / 2^80, 1 when it is refused else 0), fault int32[4] =
 * (refused updates, number + 1 of the first one, 0, 0), and the new loss scale.
 *
 * An update may happen when every gradient and the loss are finite and, if faults are sticky, there was none before.
 * Otherwise it is refused, but for one that a smaller loss scale may mend: that is passed over. The norm of finite
 * gradients may be more than any float32, norm / 2^80 is not.
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
    const lossScale = attributes.hasLossScale === true ? [specOf([4])] : [];
    return [specOf([4]), specOf([4], "int32"), ...lossScale];
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
  /** float32[4], where it follows the gradients. */
  readonly lossScale?: Value | undefined;
}

/** Number of the update, 1 if a fault refuses all updates after it, and good steps before a loss scale grows. */
export interface GradientCheckScalars {
  readonly step: HostScalar;
  readonly sticky: HostScalar;
  readonly growthSteps?: HostScalar | undefined;
}

/** What the check gives; no loss scale where it was given none. */
export interface GradientCheckResult {
  readonly control: Value;
  readonly fault: Value;
  readonly lossScale: Value | null;
}

export function gradientCheck(
  { gradients, loss, fault, lossScale }: GradientCheckInputs,
  { step, sticky, growthSteps }: GradientCheckScalars,
): GradientCheckResult {
  const hasLossScale = lossScale !== undefined && growthSteps !== undefined;
  const attributes = { gradients: gradients.length, hasLoss: loss !== undefined, hasLossScale };
  const inputs = [
    ...gradients,
    fault,
    ...(loss ? [loss] : []),
    ...(hasLossScale ? [lossScale] : []),
  ];
  const scalars = [step, sticky, ...(hasLossScale ? [growthSteps] : [])];
  const node = record(gradientCheckOp, inputs, attributes, { scalars });
  return {
    control: firstOutput(node),
    fault: outputOf(node, 1),
    lossScale: hasLossScale ? outputOf(node, 2) : null,
  };
}
