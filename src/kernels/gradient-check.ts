import source from "../../shaders/gradient_check.wgsl";
import finishSource from "../../shaders/gradient_check_finish.wgsl";
import dynamicScale from "../../shaders/lib/loss_scale_dynamic.wgsl";
import fixedScale from "../../shaders/lib/loss_scale_fixed.wgsl";
import { ALIGNMENT, cutIntoArenas, memberBytes } from "../graph/arena-layout.ts";
import type { Node, Value } from "../graph/node.ts";
import { sizeOf } from "../graph/shape.ts";
import {
  type Dispatch,
  input,
  type LowerContext,
  type Lowered,
  output,
  paramWords,
  scratch,
  table,
} from "./dispatch.ts";
import { linearGroups } from "./grid.ts";
import { specialize } from "./specialize.ts";

/** Words of a grain: what arena members are aligned to. */
const GRAIN = ALIGNMENT / 4;
const GRAINS_PER_WORKGROUP = 16;
/** The last dispatch is a single workgroup: what it has to add up stays bounded. */
const MAX_WORKGROUPS = 256;
/** Two sums and a count. A workgroup's partials begin at a multiple of the alignment of bindings. */
const PARTIAL_BYTES = 12;

/** The least and the most that a dynamic loss scale can be: no scaling, and what NVIDIA's Apex has. */
export const LOSS_SCALE_BOUNDS = { from: 1, to: 2 ** 24 } as const;

/** For each grain of an arena of these values: how many of its words count. */
export function usedWords(values: readonly Value[]): Uint32Array {
  const used = values.flatMap((value) => {
    const size = sizeOf(value.shape);
    const grains = memberBytes(value.spec) / ALIGNMENT;
    return Array.from({ length: grains }, (_, i) => Math.max(0, Math.min(GRAIN, size - i * GRAIN)));
  });
  return Uint32Array.from(used);
}

/** The gradients of a check by arenas: indices of inputs. */
export function gradientArenas(node: Node, most?: number): number[][] {
  const gradients = node.inputs.slice(0, node.attributes.gradients as number);
  return cutIntoArenas(
    gradients.map((value) => value.spec),
    most,
  );
}

/** Partial sums and flags over all gradients, a dispatch for each arena, then the verdict. */
export function lowerGradientCheck({ node, limits }: LowerContext, most?: number): Lowered {
  const arenas = gradientArenas(node, most);
  const share = Math.max(1, Math.floor(MAX_WORKGROUPS / arenas.length));
  const tables = arenas.map((indices) =>
    usedWords(indices.map((index) => node.inputs[index] as Value)),
  );
  let partials = 0;
  const sums = arenas.map((indices, i): Dispatch => {
    const grains = tables[i]?.length ?? 0;
    const workgroups = Math.min(share, Math.ceil(grains / GRAINS_PER_WORKGROUP));
    const offset = PARTIAL_BYTES * partials;
    partials += GRAIN * workgroups;
    return {
      kernel: { name: "gradient_check", code: source, layout: "u-rrw" },
      bindings: [
        { kind: "input", index: indices[0] ?? 0, list: true },
        table(i),
        { kind: "scratch", index: 0, offset },
      ],
      params: paramWords([grains, workgroups]),
      workgroups: linearGroups(workgroups, limits),
      flops: 5 * GRAIN * grains,
      bytes: 4 * GRAIN * grains,
    };
  });
  return {
    dispatches: [...sums, finish(node, partials)],
    scratch: [PARTIAL_BYTES * partials],
    tables,
  };
}

function finish({ attributes }: Node, partials: number): Dispatch {
  const count = attributes.gradients as number;
  const { hasLoss, hasLossScale = false } = attributes as Readonly<Record<string, boolean>>;
  const loss = hasLoss ? input(count + 1) : scratch(0);
  const lossScale = input(count + (hasLoss ? 2 : 1));
  const { from, to } = LOSS_SCALE_BOUNDS;
  const constants = { HAS_LOSS: String(hasLoss) };
  const bounds = { LEAST: `f32(${from})`, MOST: `f32(${to})` };
  return {
    kernel: {
      name: "gradient_check_finish",
      code: hasLossScale
        ? specialize(`${finishSource}\n${dynamicScale}`, { ...constants, ...bounds })
        : specialize(`${finishSource}\n${fixedScale}`, constants),
      layout: hasLossScale ? "uurrwwrrw" : "uurrwwr",
    },
    bindings: [
      ...[scratch(0), input(count), output(0), output(1), loss],
      ...(hasLossScale ? [lossScale, output(2)] : []),
    ],
    params: paramWords([partials]),
    words: {
      fixed: new Uint32Array(4),
      scalars: Array.from({ length: hasLossScale ? 3 : 2 }, (_, i) => ({ word: i, scalar: i })),
      stepped: [],
    },
    workgroups: [1, 1, 1],
    flops: 3 * partials,
    bytes: PARTIAL_BYTES * partials,
  };
}
