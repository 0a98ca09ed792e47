import source from "../../shaders/softmax.wgsl";
import { input, type LowerContext, type Lowered, output, paramWords } from "./dispatch.ts";
import { rowKernel, rowsOf } from "./rows.ts";

/** One dispatch; `log` chooses the logarithm. */
export function lowerSoftmax({ node, limits }: LowerContext): Lowered {
  const [x] = node.inputs;
  if (!x) throw new RangeError("softmax takes a tensor");
  const shape = rowsOf(x);
  const isLog = node.attributes.log === true;
  const constants = { LOG: String(isLog) };
  const { code, workgroups } = rowKernel(source, shape, { limits, constants });
  const size = shape.rows * shape.columns;
  return {
    dispatches: [
      {
        kernel: { name: isLog ? "log_softmax" : "softmax", code, layout: "u-rw" },
        bindings: [input(0), output(0)],
        params: paramWords([shape.rows, shape.columns]),
        workgroups,
        flops: 20 * size,
        bytes: 8 * size,
      },
    ],
  };
}
