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
const FIRST_SLOT_BINDING = 6;

/** What the text of a rule depends on besides its name. */
export interface UpdateShape {
  readonly centered: boolean;
  readonly momentum: boolean;
}

/** `updated(i, p, g, rate)` of each rule; `s0`, `s1`, … are its slots, `number(3)` on its own numbers. */
const RULES: Readonly<Record<string, (shape: UpdateShape) => string>> = {
  sgd: () => "return p - rate * g;",
  momentum: () => `
  let m = number(3u) * s0[i] - rate * g;
  s0[i] = m;
  return p + m;`,
  nesterov: () => `
  let m = number(3u) * s0[i] - rate * g;
  s0[i] = m;
  return p + number(3u) * m - rate * g;`,
  rmsprop: ({ centered, momentum }) => {
    const last = centered ? "s2" : "s1";
    return `
  let rho = number(3u);
  let v = s0[i] + (1.0 - rho) * (g * g - s0[i]);
  s0[i] = v;
  var spread = v;${
    centered
      ? `
  let a = s1[i] + (1.0 - rho) * (g - s1[i]);
  s1[i] = a;
  spread = v - a * a;`
      : ""
  }
  let step = rate * g / sqrt(spread + number(5u));${
    momentum
      ? `
  let m = number(4u) * ${last}[i] + step;
  ${last}[i] = m;
  return p - m;`
      : "\n  return p - step;"
  }`;
  },
  adam: () => adam("p"),
  adamw: () => adam("p - rate * number(8u) * p"),
};

function adam(start: string): string {
  return `
  let m = s0[i] + (1.0 - number(3u)) * (g - s0[i]);
  let v = s1[i] + (1.0 - number(4u)) * (g * g - s1[i]);
  s0[i] = m;
  s1[i] = v;
  let alpha = rate * sqrt(number(7u)) / number(6u);
  return ${start} - alpha * m / (sqrt(v) + number(5u));`;
}

/** The names of the rules there are. */
export const UPDATE_KINDS = Object.keys(RULES);

/** One dispatch over the arenas of parameters, gradients and slots, in place. */
export function lowerOptimizerUpdate({ node, limits }: LowerContext): Lowered {
  const kind = node.attributes.kind as string;
  const count = node.attributes.parameters as number;
  const slots = node.attributes.slots as number;
  const shape: UpdateShape = {
    centered: node.attributes.centered as boolean,
    momentum: node.attributes.momentum as boolean,
  };
  const used = usedWords(node.inputs.slice(0, count));
  const list = (index: number): SlotRef => ({ kind: "input", index: index * count, list: true });
  const vectors = Math.ceil(node.scalars.length / 4);
  const declarations = Array.from(
    { length: slots },
    (_, i) =>
      `@group(0) @binding(${FIRST_SLOT_BINDING + i}) var<storage, read_write> s${i}: array<f32>;`,
  );
  const rule = `fn updated(i: u32, p: f32, g: f32, rate: f32) -> f32 {${RULES[kind]?.(shape) ?? ""}\n}`;
  const code = specialize([source, ...declarations, rule].join("\n"), {
    WORD_VECTORS: String(vectors),
  });
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
        },
        workgroups: linearGroups(Math.ceil(used.length / GRAINS_PER_WORKGROUP), limits),
        flops: 16 * 64 * used.length,
        bytes: 4 * 64 * used.length * (3 + 2 * slots),
      },
    ],
    tables: [used],
  };
}
