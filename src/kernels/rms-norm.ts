import source from "../../shaders/rms_norm.wgsl";
import gradientSource from "../../shaders/rms_norm_gradient.wgsl";
import {
  type Dispatch,
  input,
  type LowerContext,
  type Lowered,
  output,
  paramWords,
  scratch,
} from "./dispatch.ts";
import { blocksFor, columnSums, elementOf } from "./layer-norm.ts";
import { rowKernel, rowsOf } from "./rows.ts";

/** One dispatch. */
export function lowerRmsNorm(context: LowerContext): Lowered {
  const { shape, params, limits, aliases } = problemOf(context);
  const { code, workgroups } = rowKernel(source, shape, { limits, aliases });
  const size = shape.rows * shape.columns;
  return {
    dispatches: [
      {
        kernel: { name: "rms_norm", code, layout: "u-rrw" },
        bindings: [input(0), input(1), output(0)],
        params,
        workgroups,
        flops: 5 * size,
        bytes: 8 * size,
      },
    ],
  };
}

/**
 * dx with the scale of each row; then, where asked for, the sums over rows for gamma by the dispatches of layerNorm,
 * to which these are rows of mean 0. They sum up dy, too, for a beta that there is not: no further reads, so it does
 * not pay to have kernels of its own.
 */
export function lowerRmsNormGradient(context: LowerContext): Lowered {
  const { x, shape, params, limits, aliases } = problemOf(context);
  const { code, workgroups } = rowKernel(gradientSource, shape, { limits, aliases });
  const size = shape.rows * shape.columns;
  const rowsDispatch: Dispatch = {
    kernel: { name: "rms_norm_gradient", code, layout: "u-rrrww" },
    bindings: [input(0), input(1), input(2), output(0), scratch(0)],
    params,
    workgroups,
    flops: 12 * size,
    bytes: 12 * size,
  };
  if (context.needed[1] !== true) {
    return { dispatches: [rowsDispatch], scratch: [8 * shape.rows] };
  }
  const blocks = blocksFor(shape);
  return {
    dispatches: [rowsDispatch, ...columnSums(x, blocks, { limits, dbeta: scratch(2) })],
    scratch: [8 * shape.rows, 8 * blocks * shape.columns, 4 * shape.columns],
  };
}

function problemOf({ node, limits }: LowerContext) {
  const [x] = node.inputs;
  if (!x) throw new RangeError(`${node.op} takes a tensor`);
  const shape = rowsOf(x);
  const epsilon = { f32: Number(node.attributes.epsilon) };
  const params = paramWords([shape.rows, shape.columns, epsilon]);
  return { x, shape, params, limits, aliases: elementOf(x) };
}
