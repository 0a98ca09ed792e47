import source from "../../shaders/layer_norm.wgsl";
import gradientSource from "../../shaders/layer_norm_gradient.wgsl";
import columnsSource from "../../shaders/layer_norm_gradient_columns.wgsl";
import {
  type Dispatch,
  input,
  type LowerContext,
  type Lowered,
  output,
  paramWords,
  scratch,
} from "./dispatch.ts";
import { rowKernel, rowsOf } from "./rows.ts";

/** Columns that one workgroup of the column sums takes. */
const COLUMN_TILE = 32;

/** One dispatch. */
export function lowerLayerNorm({ node, limits }: LowerContext): Lowered {
  const [x] = node.inputs;
  if (!x) throw new RangeError("layerNorm takes a tensor");
  const shape = rowsOf(x);
  const { code, workgroups } = rowKernel(source, shape, { limits });
  const size = shape.rows * shape.columns;
  return {
    dispatches: [
      {
        kernel: { name: "layer_norm", code, layout: "u-rrrw" },
        bindings: [input(0), input(1), input(2), output(0)],
        params: paramWords([shape.rows, shape.columns, epsilonOf(node.attributes.epsilon)]),
        workgroups,
        flops: 8 * size,
        bytes: 8 * size,
      },
    ],
  };
}

/** Two dispatches: dx with the statistics of each row, then the sums over rows for gamma and beta. */
export function lowerLayerNormGradient({ node, limits, needed }: LowerContext): Lowered {
  const [x] = node.inputs;
  if (!x) throw new RangeError("layerNormGradient takes a tensor");
  const shape = rowsOf(x);
  const { code, workgroups } = rowKernel(gradientSource, shape, { limits });
  const size = shape.rows * shape.columns;
  const rowsDispatch: Dispatch = {
    kernel: { name: "layer_norm_gradient", code, layout: "u-rrrww" },
    bindings: [input(0), input(1), input(2), output(0), scratch(0)],
    params: paramWords([shape.rows, shape.columns, epsilonOf(node.attributes.epsilon)]),
    workgroups,
    flops: 16 * size,
    bytes: 12 * size,
  };
  const columnsDispatch: Dispatch = {
    kernel: { name: "layer_norm_gradient_columns", code: columnsSource, layout: "u-rrrww" },
    bindings: [input(0), input(2), scratch(0), output(1), output(2)],
    params: paramWords([shape.rows, shape.columns]),
    workgroups: [Math.ceil(shape.columns / COLUMN_TILE), 1, 1],
    flops: 5 * size,
    bytes: 8 * size,
  };
  const wantsSums = needed[1] === true || needed[2] === true;
  return {
    dispatches: wantsSums ? [rowsDispatch, columnsDispatch] : [rowsDispatch],
    scratch: [8 * shape.rows],
  };
}

function epsilonOf(attribute: unknown): { f32: number } {
  return { f32: Number(attribute) };
}
