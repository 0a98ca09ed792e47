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
import { blocksFor, columnSums } from "./layer-norm.ts";
import { type Rows, rowKernel, rowsOf } from "./rows.ts";

/** One dispatch. */
export function lowerRmsNorm(context: LowerContext): Lowered {
  const { shape, params } = problemOf(context);
  const { code, workgroups } = rowKernel(source, shape, context);
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
  const { shape, params } = problemOf(context);
  const { code, workgroups } = rowKernel(gradientSource, shape, context);
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
  const { limits } = context;
  return {
    dispatches: [rowsDispatch, ...columnSums(shape, blocks, { limits, dbeta: scratch(2) })],
    scratch: [8 * shape.rows, 8 * blocks * shape.columns, 4 * shape.columns],
  };
}

function problemOf({ node }: LowerContext): { shape: Rows; params: Uint32Array } {
  const [x] = node.inputs;
  if (!x) throw new RangeError(`${node.op} takes a tensor`);
  const shape = rowsOf(x);
  const epsilon = { f32: Number(node.attributes.epsilon) };
  return { shape, params: paramWords([shape.rows, shape.columns, epsilon]) };
}
