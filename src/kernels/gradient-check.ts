import source from "../../shaders/gradient_check.wgsl";
import finishSource from "../../shaders/gradient_check_finish.wgsl";
import type { Value } from "../graph/node.ts";
import { sizeOf } from "../graph/shape.ts";
import {
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

/** Words of a grain: the 256 bytes that arena members are aligned to. */
const GRAIN = 64;
const GRAINS_PER_WORKGROUP = 16;
/** The second dispatch is a single workgroup: what it has to add up stays bounded. */
const MAX_WORKGROUPS = 256;

/** For each grain of an arena of these values: how many of its words count. */
export function usedWords(values: readonly Value[]): Uint32Array {
  const used = values.flatMap((value) => {
    const size = sizeOf(value.shape);
    const grains = Math.max(1, Math.ceil(size / GRAIN));
    return Array.from({ length: grains }, (_, i) => Math.max(0, Math.min(GRAIN, size - i * GRAIN)));
  });
  return Uint32Array.from(used);
}

/** Two dispatches: partial sums and flags over all gradients, then the verdict. */
export function lowerGradientCheck({ node, limits }: LowerContext): Lowered {
  const count = node.attributes.gradients as number;
  const hasLoss = node.attributes.hasLoss as boolean;
  const used = usedWords(node.inputs.slice(0, count));
  const workgroups = Math.min(MAX_WORKGROUPS, Math.ceil(used.length / GRAINS_PER_WORKGROUP));
  const partials = GRAIN * workgroups;
  const fault = input(count);
  const loss = hasLoss ? input(count + 1) : scratch(0);
  return {
    dispatches: [
      {
        kernel: { name: "gradient_check", code: source, layout: "u-rrw" },
        bindings: [{ kind: "input", index: 0, list: true }, table(0), scratch(0)],
        params: paramWords([used.length, workgroups]),
        workgroups: linearGroups(workgroups, limits),
        flops: 5 * GRAIN * used.length,
        bytes: 4 * GRAIN * used.length,
      },
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
        },
        workgroups: [1, 1, 1],
        flops: 3 * partials,
        bytes: 12 * partials,
      },
    ],
    scratch: [12 * partials],
    tables: [used],
  };
}
