import source from "../../shaders/sparse_cross_entropy.wgsl";
import { input, type LowerContext, type Lowered, output, paramWords } from "./dispatch.ts";
import { rowKernel, rowsOf } from "./rows.ts";

/** One dispatch: the loss of each row. */
export function lowerSparseCrossEntropy(context: LowerContext): Lowered {
  return lowerRows(context, false);
}

/** One dispatch: the gradient of the logits. */
export function lowerSparseCrossEntropyGradient(context: LowerContext): Lowered {
  return lowerRows(context, true);
}

function lowerRows({ node, limits }: LowerContext, isGradient: boolean): Lowered {
  const [logits] = node.inputs;
  if (!logits) throw new RangeError(`${node.op} takes logits`);
  const shape = rowsOf(logits);
  const smoothing = Number(node.attributes.labelSmoothing);
  const constants = { GRADIENT: String(isGradient), SMOOTHED: String(smoothing !== 0) };
  const { code, workgroups } = rowKernel(source, shape, { limits, constants });
  const size = shape.rows * shape.columns;
  const name = isGradient ? "sparse_cross_entropy_gradient" : "sparse_cross_entropy";
  return {
    dispatches: [
      {
        kernel: { name, code, layout: "u-rrrw" },
        bindings: [input(0), input(1), input(isGradient ? 2 : 0), output(0)],
        params: paramWords([shape.rows, shape.columns, { f32: Number.NaN }, { f32: smoothing }]),
        workgroups,
        flops: 20 * size,
        bytes: (isGradient ? 8 : 4) * size,
      },
    ],
  };
}
