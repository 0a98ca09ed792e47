import source from "../../shaders/gradient_check.wgsl";
import finishSource from "../../shaders/gradient_check_finish.wgsl";
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
  const count = node.attributes.gradients as number;
  const hasLoss = node.attributes.hasLoss as boolean;
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
  const fault = input(count);
  const loss = hasLoss ? input(count + 1) : scratch(0);
  return {
    dispatches: [
      ...sums,
      {
        kernel: {
          name: "gradient_check_finish",
          code: specialize(finishSource, { HAS_LOSS: String(hasLoss) }),
          layout: "uurrwwr",
        },
        bindings: [scratch(0), fault, output(0), output(1), loss],
        params: paramWords([partials]),
        words: {
          fixed: new Uint32Array(4),
          scalars: [
            { word: 0, scalar: 0 },
            { word: 1, scalar: 1 },
          ],
          stepped: [],
        },
        workgroups: [1, 1, 1],
        flops: 3 * partials,
        bytes: PARTIAL_BYTES * partials,
      },
    ],
    scratch: [PARTIAL_BYTES * partials],
    tables,
  };
}
