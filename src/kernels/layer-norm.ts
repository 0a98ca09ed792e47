import source from "../../shaders/layer_norm.wgsl";
import gradientSource from "../../shaders/layer_norm_gradient.wgsl";
import columnsSource from "../../shaders/layer_norm_gradient_columns.wgsl";
import finishSource from "../../shaders/layer_norm_gradient_finish.wgsl";
import type { DeviceLimits } from "../gpu/limits.ts";
import type { Value } from "../graph/node.ts";
import {
  type Dispatch,
  input,
  type LowerContext,
  type Lowered,
  output,
  paramWords,
  type SlotRef,
  scratch,
} from "./dispatch.ts";
import { STORE_TYPE } from "./fused-source.ts";
import { linearGroups } from "./grid.ts";
import { type Rows, rowKernel, rowsOf } from "./rows.ts";
import { specialize } from "./specialize.ts";

/** Column sums are cut into blocks of rows until about so many invocations have work. */
const WANTED_INVOCATIONS = 1 << 13;
const MIN_BLOCK_ROWS = 64;
const WORKGROUP = 64;

/** One dispatch. */
export function lowerLayerNorm({ node, limits }: LowerContext): Lowered {
  const [x] = node.inputs;
  if (!x) throw new RangeError("layerNorm takes a tensor");
  const shape = rowsOf(x);
  const { code, workgroups } = rowKernel(source, shape, { limits, aliases: elementOf(x) });
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

/** dx with the statistics of each row; then, where asked for, the sums over rows for gamma and beta. */
export function lowerLayerNormGradient(context: LowerContext): Lowered {
  const { node, limits, needed } = context;
  const [x] = node.inputs;
  if (!x) throw new RangeError("layerNormGradient takes a tensor");
  const shape = rowsOf(x);
  const { code, workgroups } = rowKernel(gradientSource, shape, { limits, aliases: elementOf(x) });
  const size = shape.rows * shape.columns;
  const rowsDispatch: Dispatch = {
    kernel: { name: "layer_norm_gradient", code, layout: "u-rrrww" },
    bindings: [input(0), input(1), input(2), output(0), scratch(0)],
    params: paramWords([shape.rows, shape.columns, epsilonOf(node.attributes.epsilon)]),
    workgroups,
    flops: 16 * size,
    bytes: 12 * size,
  };
  if (needed[1] !== true && needed[2] !== true) {
    return { dispatches: [rowsDispatch], scratch: [8 * shape.rows] };
  }
  const blocks = blocksFor(shape);
  return {
    dispatches: [rowsDispatch, ...columnSums(x, blocks, { limits, dbeta: output(2) })],
    scratch: [8 * shape.rows, 8 * blocks * shape.columns],
  };
}

/** Blocks of rows that are summed apart; the sizes decide, so the order of additions is always the same. */
export function blocksFor({ rows, columns }: Rows): number {
  const most = Math.ceil(rows / MIN_BLOCK_ROWS);
  return Math.max(1, Math.min(most, Math.ceil(WANTED_INVOCATIONS / Math.max(1, columns))));
}

/**
 * The gradients of gamma (output 1) and beta from the statistics in scratch 0, by partial sums in scratch 1. The input
 * is x, gamma, dy.
 */
export function columnSums(
  x: Value,
  blocks: number,
  { limits, dbeta }: { readonly limits: DeviceLimits; readonly dbeta: SlotRef },
): Dispatch[] {
  const { rows, columns } = rowsOf(x);
  const code = specialize(columnsSource, {}, elementOf(x));
  return [
    {
      kernel: { name: "layer_norm_gradient_columns", code, layout: "u-rrrw" },
      bindings: [input(0), input(2), scratch(0), scratch(1)],
      params: paramWords([rows, columns, Math.ceil(rows / blocks), blocks]),
      workgroups: linearGroups(Math.ceil((blocks * columns) / WORKGROUP), limits),
      flops: 5 * rows * columns,
      bytes: 8 * rows * columns,
    },
    {
      kernel: { name: "layer_norm_gradient_finish", code: finishSource, layout: "u-rww" },
      bindings: [scratch(1), output(1), dbeta],
      params: paramWords([columns, blocks]),
      workgroups: linearGroups(Math.ceil(columns / WORKGROUP), limits),
      flops: 2 * blocks * columns,
      bytes: 8 * (blocks + 1) * columns,
    },
  ];
}

/** How `x` and what is like it are stored, for the shaders. */
export function elementOf(x: Value): { readonly Element: string } {
  return { Element: STORE_TYPE[x.dtype] };
}

function epsilonOf(attribute: unknown): { f32: number } {
  return { f32: Number(attribute) };
}
