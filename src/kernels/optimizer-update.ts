import adadelta from "../../shaders/lib/update_adadelta.wgsl";
import adagrad from "../../shaders/lib/update_adagrad.wgsl";
import adam from "../../shaders/lib/update_adam.wgsl";
import adamAmsgrad from "../../shaders/lib/update_adam_amsgrad.wgsl";
import adamax from "../../shaders/lib/update_adamax.wgsl";
import blend from "../../shaders/lib/update_blend.wgsl";
import lion from "../../shaders/lib/update_lion.wgsl";
import momentum from "../../shaders/lib/update_momentum.wgsl";
import nadam from "../../shaders/lib/update_nadam.wgsl";
import rmsprop from "../../shaders/lib/update_rmsprop.wgsl";
import rmspropCentered from "../../shaders/lib/update_rmsprop_centered.wgsl";
import rmspropCenteredMomentum from "../../shaders/lib/update_rmsprop_centered_momentum.wgsl";
import rmspropMomentum from "../../shaders/lib/update_rmsprop_momentum.wgsl";
import sgd from "../../shaders/lib/update_sgd.wgsl";
import source from "../../shaders/optimizer_update.wgsl";
import {
  input,
  type LowerContext,
  type Lowered,
  paramWords,
  type SlotRef,
  table,
} from "./dispatch.ts";
import { usedWords } from "./gradient-check.ts";
import { linearGroups } from "./grid.ts";
import { specialize } from "./specialize.ts";

const GRAINS_PER_WORKGROUP = 4;

/** The text of each rule. */
const RULES = {
  sgd,
  momentum: specialize(momentum, { NESTEROV: "false" }),
  nesterov: specialize(momentum, { NESTEROV: "true" }),
  rmsprop,
  rmspropMomentum,
  rmspropCentered,
  rmspropCenteredMomentum,
  adagrad,
  adadelta,
  adam,
  adamAmsgrad,
  adamax,
  nadam,
  lion,
  blend,
} as const;

/** Rules of the kernel; one optimizer may have several. */
export type UpdateKind = keyof typeof RULES;

/** The names of the rules there are. */
export const UPDATE_KINDS = Object.keys(RULES) as UpdateKind[];

/** One dispatch over the arenas of parameters, gradients and slots, in place. */
export function lowerOptimizerUpdate({ node, limits }: LowerContext): Lowered {
  const kind = node.attributes.kind as UpdateKind;
  const count = node.attributes.parameters as number;
  const slots = node.attributes.slots as number;
  const used = usedWords(node.inputs.slice(0, count));
  const list = (index: number): SlotRef => ({ kind: "input", index: index * count, list: true });
  const vectors = Math.ceil(node.scalars.length / 4);
  const code = specialize(`${source}\n${RULES[kind]}`, { WORD_VECTORS: String(vectors) });
  return {
    dispatches: [
      {
        kernel: { name: `optimizer_update_${kind}`, code, layout: `uuwrrr${"w".repeat(slots)}` },
        bindings: [
          list(0),
          list(1),
          table(0),
          input((2 + slots) * count),
          ...Array.from({ length: slots }, (_, i) => list(2 + i)),
        ],
        params: paramWords([used.length]),
        words: {
          fixed: new Uint32Array(4 * vectors),
          scalars: node.scalars.map((_, i) => ({ word: i, scalar: i })),
          stepped: [],
        },
        workgroups: linearGroups(Math.ceil(used.length / GRAINS_PER_WORKGROUP), limits),
        flops: 16 * 64 * used.length,
        bytes: 4 * 64 * used.length * (3 + 2 * slots),
      },
    ],
    tables: [used],
  };
}
