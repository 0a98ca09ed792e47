import source from "../../shaders/ctc_loss.wgsl";
import gradientSource from "../../shaders/ctc_loss_gradient.wgsl";
import {
  type Dispatch,
  input,
  type LowerContext,
  type Lowered,
  output,
  paramWords,
  scratch,
} from "./dispatch.ts";
import { linearGroups } from "./grid.ts";
import { specialize } from "./specialize.ts";

const WORKGROUP = 64;
const STATE_FLOPS = 60;

/** One dispatch; of the sums it holds two steps. */
export function lowerCtcLoss(context: LowerContext): Lowered {
  const sizes = sizesOf(context);
  const kept = 2;
  return {
    dispatches: [sums(context, sizes, { kept, isGradient: false })],
    scratch: [4 * sizes.rows * kept * sizes.states],
  };
}

/** Sums of all steps, forward and backward at once; then the gradient of each step. */
export function lowerCtcLossGradient(context: LowerContext): Lowered {
  const sizes = sizesOf(context);
  const { rows, steps, classes, width, states } = sizes;
  const gradient: Dispatch = {
    kernel: { name: "ctc_loss_gradient", code: gradientSource, layout: "u-rrrrrrw" },
    bindings: [input(0), input(1), input(2), input(3), input(4), scratch(0), output(0)],
    params: paramWords([rows, steps, classes, width, { f32: Number.NaN }]),
    workgroups: linearGroups(Math.ceil((rows * steps) / WORKGROUP), context.limits),
    flops: STATE_FLOPS * rows * steps * states,
    bytes: 32 * rows * steps * states,
  };
  return {
    dispatches: [sums(context, sizes, { kept: steps, isGradient: true }), gradient],
    scratch: [8 * rows * steps * states],
  };
}

interface Sizes {
  readonly rows: number;
  readonly steps: number;
  readonly classes: number;
  /** Most labels of a row. */
  readonly width: number;
  /** Labels with blanks between and around them. */
  readonly states: number;
}

function sizesOf({ node }: LowerContext): Sizes {
  const [logProbs, labels] = node.inputs;
  const [rows = 0, steps = 0, classes = 0] = logProbs?.shape ?? [];
  const width = labels?.shape[1] ?? 0;
  return { rows, steps, classes, width, states: 2 * width + 1 };
}

function sums(
  { limits }: LowerContext,
  { rows, steps, classes, width, states }: Sizes,
  { kept, isGradient }: { kept: number; isGradient: boolean },
): Dispatch {
  const directions = isGradient ? 2 : 1;
  const not = { infinity: { f32: Number.POSITIVE_INFINITY }, number: { f32: Number.NaN } };
  return {
    kernel: {
      name: isGradient ? "ctc_sums" : "ctc_loss",
      code: specialize(source, { GRADIENT: String(isGradient) }),
      layout: "u-rrrrww",
    },
    bindings: [input(0), input(1), input(2), input(3), scratch(0), output(0)],
    params: paramWords([rows, steps, classes, width, kept, not.infinity, not.number]),
    workgroups: linearGroups(directions * rows, limits),
    flops: STATE_FLOPS * directions * rows * steps * states,
    bytes: 4 * rows * steps * (isGradient ? classes : 0) + 32 * directions * rows * steps * states,
  };
}
