import keySource from "../../shaders/attention_gradient_key.wgsl";
import querySource from "../../shaders/attention_gradient_query.wgsl";
import rowsSource from "../../shaders/attention_gradient_rows.wgsl";
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
  tiledDispatches,
  tileRows,
} from "./attention-code.ts";
import { inLayout, inputIndex, layoutStrides } from "./attention-shape.ts";
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
import { linearGroups } from "./grid.ts";
import { specialize } from "./specialize.ts";

const WORKGROUP = 64;
/** What is bound in place of an output that nobody wants. */
const NOWHERE_BYTES = 16;
/** Products of a score and its gradient, in the queries' kernel and in the keys'; and what else a score costs. */
const SCORE_FLOPS = 30;

/** Three steps: what each query has, the gradient of queries (and scores), the gradients of keys and values. */
export function lowerAttentionGradient({ node, needed, limits }: LowerContext): Lowered {
  const call = attentionCall(node);
  const { batch, heads, time, valueSize } = call.sizes;
  const [ofQuery, ofKey, ofValue] = [0, 1, 2].map((i) => needed[i] === true);
  const ofScores = needed[3] === true && call.sizes.source > 0;
  const dispatches = [
    rowsDispatch(call, limits),
    ...(ofQuery || ofScores ? queryDispatches(call, { ofQuery, ofScores }, limits) : []),
    ...(ofKey || ofValue ? keyDispatches(call, { ofKey, ofValue }, limits) : []),
  ];
  const rowBytes = 16 * (foursOf(valueSize) + 1) * batch * heads * time;
  const { query, key, value } = bytesOf(call);
  const spare = Math.max(
    NOWHERE_BYTES,
    ...(ofScores && !ofQuery ? [query] : []),
    ...(ofValue && !ofKey ? [key] : []),
    ...(ofKey && !ofValue ? [value] : []),
  );
  return { dispatches, scratch: [rowBytes, spare] };
}

function rowsDispatch(call: AttentionCall, limits: DeviceLimits): Dispatch {
  const { node, sizes, settings } = call;
  const { batch, heads, time, valueSize } = sizes;
  const rows = batch * heads * time;
  const shape = inLayout([batch, heads, time, valueSize], settings.layout);
  const constants = { VALUE_SIZE: `${valueSize}u`, VALUE_FOURS: `${foursOf(valueSize)}u` };
  const inputs = ["dResult", "result", "sums"].map((name) => input(inputIndex(node, name)));
  return {
    kernel: {
      name: "attention_gradient_rows",
      code: specialize(rowsSource, constants, elementOf(node)),
      layout: "u-rrrw",
    },
    bindings: [...inputs, scratch(0)],
    params: paramWords([heads, time, rows, ...layoutStrides(shape, settings.layout)]),
    workgroups: linearGroups(Math.ceil(rows / WORKGROUP), limits),
    flops: 2 * rows * valueSize,
    bytes: 12 * rows * valueSize,
  };
}

function queryDispatches(
  call: AttentionCall,
  { ofQuery, ofScores }: { ofQuery: boolean | undefined; ofScores: boolean | undefined },
  limits: DeviceLimits,
): Dispatch[] {
  const { batch, heads, time, keySize, valueSize } = call.sizes;
  const rows = tileRows(2 * keySize + valueSize);
  const tilesOfHead = Math.ceil(time / rows);
  return loopDispatches(call, {
    name: "attention_gradient_query",
    code: attentionCode(querySource, call, { rows, flags: { STORE_SCORES: ofScores === true } }),
    slots: [ofQuery ? output(0) : scratch(1), ofScores ? output(3) : scratch(1)],
    tilesOfHead,
    count: batch * heads * tilesOfHead,
    flopsPerScore: 4 * keySize + 2 * valueSize + SCORE_FLOPS,
    limits,
  });
}

function keyDispatches(
  call: AttentionCall,
  { ofKey, ofValue }: { ofKey: boolean | undefined; ofValue: boolean | undefined },
  limits: DeviceLimits,
): Dispatch[] {
  const { batch, keyHeads, source, keySize, valueSize } = call.sizes;
  const rows = tileRows(2 * keySize + 2 * valueSize);
  const tilesOfHead = Math.ceil(source / rows);
  return loopDispatches(call, {
    name: "attention_gradient_key",
    code: attentionCode(keySource, call, { rows, flags: {} }),
    slots: [ofKey ? output(1) : scratch(1), ofValue ? output(2) : scratch(1)],
    tilesOfHead,
    count: batch * keyHeads * tilesOfHead,
    flopsPerScore: 4 * keySize + 4 * valueSize + SCORE_FLOPS,
    limits,
  });
}

interface Loop {
  readonly name: string;
  readonly code: string;
  readonly slots: readonly SlotRef[];
  readonly tilesOfHead: number;
  readonly count: number;
  readonly flopsPerScore: number;
  readonly limits: DeviceLimits;
}

function loopDispatches(call: AttentionCall, loop: Loop): Dispatch[] {
  const { batch, heads, time, source } = call.sizes;
  const { name, code, slots, tilesOfHead, count, flopsPerScore, limits } = loop;
  const { letter, words } = dropoutWords(call);
  const { query, key, value } = bytesOf(call);
  const bindings = [...operandSlots(call), ...maskSlots(call), scratch(0), ...slots];
  return tiledDispatches(
    { kernel: { name, code, layout: `u${letter}rrrrrrww` }, bindings, words },
    {
      call,
      limits,
      tiling: {
        tilesOfHead,
        count,
        chunk: source,
        flops: batch * heads * time * source * flopsPerScore,
        bytes: 2 * (query + key + value),
      },
    },
  );
}

/** Bytes of queries, keys and values. */
function bytesOf({ sizes }: AttentionCall): { query: number; key: number; value: number } {
  const { batch, heads, keyHeads, time, source, keySize, valueSize } = sizes;
  const ofKeys = 4 * batch * keyHeads * source;
  return {
    query: 4 * batch * heads * time * keySize,
    key: ofKeys * keySize,
    value: ofKeys * valueSize,
  };
}
