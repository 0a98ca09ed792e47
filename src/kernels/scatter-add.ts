import source from "../../shaders/scatter_add.wgsl";
import countSource from "../../shaders/scatter_add_count.wgsl";
import moveSource from "../../shaders/scatter_add_move.wgsl";
import rowsSource from "../../shaders/scatter_add_rows.wgsl";
import scanSource from "../../shaders/scatter_add_scan.wgsl";
import startsSource from "../../shaders/scatter_add_starts.wgsl";
import type { DeviceLimits } from "../gpu/limits.ts";
import { sizeOf } from "../graph/shape.ts";
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

/** Up to so many rows, every element of the result looks through all ids; beyond, they are sorted first. */
const FEW_ROWS = 16;
/** Ids that one invocation counts and moves. */
const BLOCK = 64;
const MAX_DIGIT_BITS = 8;

/** Scratch buffers of the sorted plan. */
const COUNTS = scratch(0);
const STARTS = scratch(1);
const SORTED = [scratch(2), scratch(3)] as const;

interface Sizes {
  readonly rows: number;
  readonly columns: number;
  /** Of ids. */
  readonly count: number;
}

/**
 * Adds rows of updates into zeros, without atomics. Inputs ids, updates; attribute `rows`. One dispatch for a
 * few rows; otherwise a stable sort of the ids, three dispatches a digit, and two that add up.
 */
export function lowerScatterAdd({ node, limits }: LowerContext): Lowered {
  const [ids, updates] = node.inputs;
  if (!ids || !updates) throw new RangeError("scatterAdd takes row numbers and updates");
  const sizes = {
    rows: node.attributes.rows as number,
    count: sizeOf(ids.shape),
    columns: sizeOf(updates.shape.slice(ids.shape.length)),
  };
  if (sizes.rows <= FEW_ROWS || sizes.count === 0) return { dispatches: [direct(sizes, limits)] };
  return sorted(sizes, limits);
}

function direct({ rows, columns, count }: Sizes, limits: DeviceLimits): Dispatch {
  return {
    kernel: { name: "scatter_add", code: source, layout: "u-rrw" },
    bindings: [input(0), input(1), output(0)],
    params: paramWords([rows, columns, count]),
    workgroups: linearGroups(Math.ceil((rows * columns) / WORKGROUP), limits),
    flops: rows * columns * count,
    bytes: 4 * (rows * columns + count * columns + count),
  };
}

/** How keys from 0 to `rows` are cut into digits; the number of rows decides, which the model fixes. */
export function digitsOf(rows: number): { passes: number; bits: number } {
  const keyBits = Math.ceil(Math.log2(rows + 1));
  const passes = Math.ceil(keyBits / MAX_DIGIT_BITS);
  return { passes, bits: Math.ceil(keyBits / passes) };
}

function sorted(sizes: Sizes, limits: DeviceLimits): Lowered {
  const { rows, columns, count } = sizes;
  const { passes, bits } = digitsOf(rows);
  const radix = 2 ** bits;
  const blocks = Math.ceil(count / BLOCK);
  const digits = Array.from({ length: passes }, (_, pass) => {
    const params = paramWords([count, rows, pass * bits, radix, blocks]);
    return sortByDigit({ pass, params, blocks, size: radix * blocks }, limits);
  });
  const result = SORTED[(passes - 1) % 2] ?? SORTED[0];
  const starts: Dispatch = {
    kernel: { name: "scatter_add_starts", code: startsSource, layout: "u-rw" },
    bindings: [result, STARTS],
    params: paramWords([count, rows]),
    workgroups: linearGroups(Math.ceil((rows + 1) / WORKGROUP), limits),
    flops: 2 * rows * Math.ceil(Math.log2(count + 1)),
    bytes: 4 * (rows + 2 * count),
  };
  const add: Dispatch = {
    kernel: { name: "scatter_add_rows", code: rowsSource, layout: "u-rrrw" },
    bindings: [result, STARTS, input(1), output(0)],
    params: paramWords([rows, columns]),
    workgroups: linearGroups(Math.ceil((rows * columns) / WORKGROUP), limits),
    flops: count * columns,
    bytes: 4 * columns * (rows + count),
  };
  return {
    dispatches: [...digits.flat(), starts, add],
    scratch: [
      4 * radix * blocks,
      4 * (rows + 1),
      ...(passes > 1 ? [8, 8] : [8]).map((b) => b * count),
    ],
  };
}

interface DigitPass {
  readonly pass: number;
  readonly params: Uint32Array;
  readonly blocks: number;
  /** Counters: one for each value of the digit in each block. */
  readonly size: number;
}

/** Count, running sums, move: afterwards the numbers are in order as far as this digit goes. */
function sortByDigit({ pass, params, blocks, size }: DigitPass, limits: DeviceLimits): Dispatch[] {
  const isFirst = pass === 0;
  const from: SlotRef = isFirst ? input(0) : (SORTED[(pass - 1) % 2] ?? SORTED[0]);
  const to = SORTED[pass % 2] ?? SORTED[0];
  const constants = { FIRST: String(isFirst), BLOCK: `${BLOCK}u` };
  const workgroups = linearGroups(Math.ceil(blocks / WORKGROUP), limits);
  const work = { params, workgroups, flops: 4 * BLOCK * blocks, bytes: 16 * BLOCK * blocks };
  return [
    {
      kernel: {
        name: "scatter_add_count",
        code: specialize(countSource, constants),
        layout: "u-rw",
      },
      bindings: [from, COUNTS],
      ...work,
    },
    {
      kernel: { name: "scatter_add_scan", code: scanSource, layout: "u-w" },
      bindings: [COUNTS],
      params: paramWords([size]),
      workgroups: [1, 1, 1],
      flops: 2 * size,
      bytes: 12 * size,
    },
    {
      kernel: {
        name: "scatter_add_move",
        code: specialize(moveSource, constants),
        layout: "u-rww",
      },
      bindings: [from, COUNTS, to],
      ...work,
    },
  ];
}
