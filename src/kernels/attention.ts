import source from "../../shaders/attention.wgsl";
import mergeSource from "../../shaders/attention_merge.wgsl";
import type { DeviceLimits } from "../gpu/limits.ts";
import {
  type AttentionCall,
  attentionCall,
  attentionCode,
  dropoutWords,
  elementOf,
  foursOf,
  maskSlots,
  operandSlots,
  type TileRows,
  tiledDispatches,
  tileRows,
} from "./attention-code.ts";
import { inLayout, layoutStrides } from "./attention-shape.ts";
import {
  type Dispatch,
  type LowerContext,
  type Lowered,
  output,
  paramWords,
  type SlotRef,
  scratch,
} from "./dispatch.ts";
import { linearGroups } from "./grid.ts";
import { specialize } from "./specialize.ts";

/** Keys of a chunk, where a single query's keys are split. */
const CHUNK = 64;
const WORKGROUP = 64;

/** What is bound in place of sums that nobody wants. */
const NOWHERE_BYTES = 16;

/**
 * One dispatch, or several that are cut by cost. A single query, as in decoding, is too little work for a GPU: its keys
 * are split into chunks, and a second dispatch puts them together.
 */
export function lowerAttention({ node, needed, limits }: LowerContext): Lowered {
  const call = attentionCall(node);
  const storesSums = needed[1] === true;
  if (call.sizes.time === 1 && call.sizes.source > 0)
    return splitKeys(call, { storesSums, limits });
  const { keySize, valueSize } = call.sizes;
  const dispatches = keyLoop(call, {
    rows: tileRows(keySize + valueSize),
    name: "attention",
    flags: { STORE_SUMS: storesSums, SPLIT: false },
    slots: [output(0), storesSums ? output(1) : scratch(0)],
    chunk: null,
    limits,
  });
  return { dispatches, ...(!storesSums && { scratch: [NOWHERE_BYTES] }) };
}

interface KeyLoop {
  readonly rows: TileRows;
  readonly name: string;
  readonly flags: Readonly<Record<string, boolean>>;
  /** Where results (or partials) and sums go. */
  readonly slots: readonly SlotRef[];
  /** Keys of a chunk; null: one invocation takes all. */
  readonly chunk: number | null;
  readonly limits: DeviceLimits;
}

function keyLoop(
  call: AttentionCall,
  { rows, name, flags, slots, chunk, limits }: KeyLoop,
): Dispatch[] {
  const { batch, heads, keyHeads, time, source: keys, keySize, valueSize } = call.sizes;
  const { letter, words } = dropoutWords(call);
  const tilesOfHead = Math.ceil(time / rows);
  const kernel = {
    name,
    code: attentionCode(source, call, { rows, flags }),
    layout: `u${letter}rrrrrww`,
  };
  const tiling = {
    tilesOfHead,
    count: batch * heads * tilesOfHead * (chunk === null ? 1 : Math.ceil(keys / chunk)),
    chunk: chunk ?? keys,
    flops: batch * heads * time * keys * (2 * (keySize + valueSize) + 20),
    bytes: 4 * batch * (heads * time + keyHeads * keys) * (keySize + valueSize),
  };
  const bindings = [...operandSlots(call), ...maskSlots(call), ...slots];
  return tiledDispatches({ kernel, bindings, words }, { call, tiling, limits });
}

/** Chunks of the keys in one dispatch, what they give put together in another. */
function splitKeys(
  call: AttentionCall,
  { storesSums, limits }: { storesSums: boolean; limits: DeviceLimits },
): Lowered {
  const { batch, heads, time, source: keys, valueSize } = call.sizes;
  const { layout } = call.settings;
  const rows = batch * heads * time;
  const chunks = Math.ceil(keys / CHUNK);
  const fours = foursOf(valueSize);
  const result = inLayout([batch, heads, time, valueSize], layout);
  const constants = {
    VALUE_SIZE: `${valueSize}u`,
    VALUE_FOURS: `${fours}u`,
    STORE_SUMS: String(storesSums),
  };
  const partials = keyLoop(call, {
    rows: 1,
    name: "attention_split",
    flags: { STORE_SUMS: false, SPLIT: true },
    slots: [scratch(0), scratch(1)],
    chunk: CHUNK,
    limits,
  });
  const merge: Dispatch = {
    kernel: {
      name: "attention_merge",
      code: specialize(mergeSource, constants, elementOf(call.node)),
      layout: "u-rww",
    },
    bindings: [scratch(0), output(0), storesSums ? output(1) : scratch(1)],
    params: paramWords([heads, time, rows, chunks, ...layoutStrides(result, layout)]),
    workgroups: linearGroups(Math.ceil(rows / WORKGROUP), limits),
    flops: rows * chunks * (2 * valueSize + 20),
    bytes: 4 * rows * valueSize * (chunks + 1),
  };
  const partialBytes = 4 * rows * chunks * (4 * fours + 4);
  return { dispatches: [...partials, merge], scratch: [partialBytes, NOWHERE_BYTES] };
}
