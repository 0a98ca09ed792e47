import dropoutLibrary from "../../shaders/lib/attention_dropout.wgsl";
import loose from "../../shaders/lib/attention_loose.wgsl";
import noDropout from "../../shaders/lib/attention_no_dropout.wgsl";
import packed from "../../shaders/lib/attention_packed.wgsl";
import rows1 from "../../shaders/lib/attention_rows_1.wgsl";
import rows2 from "../../shaders/lib/attention_rows_2.wgsl";
import rows4 from "../../shaders/lib/attention_rows_4.wgsl";
import type { DeviceLimits } from "../gpu/limits.ts";
import type { Node } from "../graph/node.ts";
import {
  type AttentionSettings,
  type AttentionSizes,
  attentionSettings,
  attentionSizes,
  broadcastStrides,
  inLayout,
  inputIndex,
  layoutStrides,
} from "./attention-shape.ts";
import { type Dispatch, input, paramWords, type SlotRef, type Words } from "./dispatch.ts";
import { linearGroups } from "./grid.ts";
import { specialize } from "./specialize.ts";

/** Rows of a tile, one of what shaders/lib/attention_rows_*.wgsl are there for. */
export type TileRows = 1 | 2 | 4;

const ROW_LIBRARIES = { 1: rows1, 2: rows2, 4: rows4 } as const;
const WORKGROUP = 64;
/** Elements that an invocation keeps to itself: wider tiles read less, narrower ones leave a GPU more invocations. */
const OWN_ELEMENTS = 512;
/** A dispatch is estimated to take about 100 ms on a slow adapter; longer ones are cut into ranges of tiles. */
const FLOPS_PER_DISPATCH = 250e6;
/** What a query sees when nothing bounds it. */
const EVERYTHING = 0xffffffff;

/** One attention, as its kernels see it. */
export interface AttentionCall {
  readonly node: Node;
  readonly sizes: AttentionSizes;
  readonly settings: AttentionSettings;
}

export function attentionCall(node: Node): AttentionCall {
  const settings = attentionSettings(node.attributes);
  const shapes = {
    query: shapeOf(node, "query"),
    key: shapeOf(node, "key"),
    value: shapeOf(node, "value"),
  };
  return { node, settings, sizes: attentionSizes(shapes, settings.layout) };
}

/** As many rows as fit when an invocation holds `width` elements of each. */
export function tileRows(width: number): TileRows {
  if (4 * width <= OWN_ELEMENTS) return 4;
  return 2 * width <= OWN_ELEMENTS ? 2 : 1;
}

/** Fours of a head size, rounded up. */
export function foursOf(size: number): number {
  return Math.ceil(size / 4);
}

/** A kernel's text with the libraries that suit the call. Nothing in it depends on B, T or S. */
export function attentionCode(
  source: string,
  { node, sizes, settings }: AttentionCall,
  { rows, flags }: { rows: TileRows; flags: Readonly<Record<string, boolean>> },
): string {
  const { keySize, valueSize } = sizes;
  const hasMask = inputIndex(node, "mask") >= 0;
  const constants = {
    KEY_SIZE: `${keySize}u`,
    VALUE_SIZE: `${valueSize}u`,
    KEY_FOURS: `${foursOf(keySize)}u`,
    VALUE_FOURS: `${foursOf(valueSize)}u`,
    HAS_MASK: String(hasMask),
    HIDES: String(hasMask || settings.causal || settings.window !== null),
    HAS_BIAS: String(inputIndex(node, "bias") >= 0),
    ...Object.fromEntries(Object.entries(flags).map(([name, flag]) => [name, String(flag)])),
  };
  const isPacked = keySize % 4 === 0 && valueSize % 4 === 0;
  const libraries = [
    ROW_LIBRARIES[rows],
    isPacked ? packed : loose,
    settings.dropout > 0 ? dropoutLibrary : noDropout,
  ];
  return specialize([...libraries, source].join("\n"), constants);
}

/** Slots of query, key and value. */
export function operandSlots(call: AttentionCall): SlotRef[] {
  return ["query", "key", "value"].map((name) => slotOf(call, name));
}

/** Slots of mask and bias. */
export function maskSlots(call: AttentionCall): SlotRef[] {
  return ["mask", "bias"].map((name) => slotOf(call, name));
}

/** The slot of an input; where it is missing, or there are no keys, the queries stand in and are not read. */
function slotOf({ node, sizes }: AttentionCall, name: string): SlotRef {
  const index = inputIndex(node, sizes.source === 0 ? "query" : name);
  return input(index < 0 ? inputIndex(node, "query") : index);
}

/** Letter and words of binding 1. */
export function dropoutWords({ settings }: AttentionCall): { letter: "u" | "-"; words?: Words } {
  if (settings.dropout === 0) return { letter: "-" };
  const words = { fixed: new Uint32Array(4), scalars: [{ word: 0, scalar: 0 }], stepped: [] };
  return { letter: "u", words };
}

/** Work of an attention kernel: tiles of rows, head by head. */
export interface Tiling {
  readonly tilesOfHead: number;
  /** All invocations that have work. */
  readonly count: number;
  /** Keys of a chunk, where a tile's keys are split among several invocations. */
  readonly chunk: number;
  readonly flops: number;
  readonly bytes: number;
}

/** The dispatches of a kernel: one, or as many as its cost asks for. The bits are the same. */
export function tiledDispatches(
  base: Pick<Dispatch, "kernel" | "bindings"> & { readonly words?: Words | undefined },
  { call, tiling, limits }: { call: AttentionCall; tiling: Tiling; limits: DeviceLimits },
): Dispatch[] {
  const { words, ...rest } = base;
  const parts = Math.max(1, Math.ceil(tiling.flops / FLOPS_PER_DISPATCH));
  const step = Math.ceil(tiling.count / parts / WORKGROUP) * WORKGROUP;
  const dispatches: Dispatch[] = [];
  for (let first = 0; first < tiling.count; first += step) {
    const end = Math.min(first + step, tiling.count);
    const share = (end - first) / tiling.count;
    dispatches.push({
      ...rest,
      ...(words && { words }),
      params: params(call, tiling, { first, end }),
      workgroups: linearGroups(Math.ceil((end - first) / WORKGROUP), limits),
      flops: tiling.flops * share,
      bytes: tiling.bytes * share,
    });
  }
  return dispatches;
}

/** `Params` of shaders/lib/attention.wgsl. */
function params(
  call: AttentionCall,
  { tilesOfHead, chunk }: Tiling,
  { first, end }: { first: number; end: number },
): Uint32Array {
  const { node, sizes, settings } = call;
  const { layout, scale, causal, window, dropout } = settings;
  const strides = (name: string): number[] => [...layoutStrides(shapeOf(node, name), layout), 0];
  const { batch, heads, time, valueSize } = sizes;
  const result = inLayout([batch, heads, time, valueSize], layout);
  return paramWords([
    ...strides("query"),
    ...strides("key"),
    ...strides("value"),
    ...layoutStrides(result, layout),
    0,
    ...stretchedStrides(node, "mask"),
    ...stretchedStrides(node, "bias"),
    sizes.heads,
    sizes.heads / sizes.keyHeads,
    sizes.time,
    sizes.source,
    first,
    end,
    tilesOfHead,
    causal ? 1 : 0,
    window ?? EVERYTHING,
    { f32: scale },
    { f32: dropout },
    chunk,
    sizes.keySize,
    valueSize,
    foursOf(sizes.keySize),
    foursOf(valueSize),
  ]);
}

function stretchedStrides(node: Node, name: string): readonly number[] {
  const index = inputIndex(node, name);
  return index < 0 ? [0, 0, 0, 0] : broadcastStrides(shapeOf(node, name));
}

function shapeOf(node: Node, name: string): readonly number[] {
  const found = node.inputs[inputIndex(node, name)];
  if (found === undefined) throw new RangeError(`attention has no input ${name}`);
  return found.shape;
}
