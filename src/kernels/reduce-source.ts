import type { DType } from "../graph/dtype.ts";
import type { Expression } from "../graph/expression.ts";
import { type FusedSource, STORE_TYPE, VALUE_TYPE } from "./fused-source.ts";

export type Combine = "sum" | "prod" | "max" | "min" | "argMax" | "argMin";

/**
 * Which invocations share one result. `serial`: one lane each, for short runs. `tree`: a workgroup each,
 * lanes along the run. `columns`: a workgroup for 32 neighbouring results of a strided run, 8 lanes each.
 */
export type ReducePlan = "serial" | "tree" | "columns";

export const LANES = { serial: 64, tree: 64, columns: 256 } as const;
/** Neighbouring results that a workgroup of the plan `columns` computes. */
export const COLUMNS = 32;
/** Elements that one workgroup reduces; of more, each block of as many leaves a partial. */
export const BLOCK = 8192;
/** A lane adds up runs of as many elements, then the runs: rounding grows with n / RUN + RUN, not with n. */
const RUN = 16;
/** The same for the partials of 64 lanes. */
const LANE_RUN = 8;

/** One dispatch of a reduction. */
export interface ReduceStage {
  readonly plan: ReducePlan;
  /** Elements, or partials of the stage before, of one result. */
  readonly length: number;
  readonly blocks: number;
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

interface ReduceText {
  readonly combine: Combine;
  /** dtype of the elements. */
  readonly type: DType;
  readonly resultDType: DType;
  readonly epilogue: Expression | null;
  readonly stage: ReduceStage;
  /** WGSL of the sizes. */
  readonly sizes: Readonly<Record<"outer" | "length" | "inner" | "blocks", string>>;
}

/** Bytes of a partial. */
export function totalBytes(combine: Combine): number {
  return combine.startsWith("arg") ? 8 : 4;
}

/** WGSL of a stage. `source` has its `element`, if it is the first, and its `finish`, if there is an epilogue. */
export function reduceCode(text: ReduceText, source: FusedSource): string {
  const { stage, epilogue, resultDType } = text;
  const total = accumulator(text, source);
  const stored = STORE_TYPE[epilogue?.dtype ?? resultDType];
  const result = VALUE_TYPE[resultDType];
  const plain = `fn finish(value: ${result}, index: u32) -> ${stored} { return ${stored}(value); }`;
  return [
    `@group(0) @binding(2) var<storage, read_write> result: array<${stage.isLast ? stored : "Total"}>;`,
    stage.isFirst ? "" : "@group(0) @binding(3) var<storage, read> partials: array<Total>;",
    source.declarations(stage.isFirst ? 3 : 4),
    total,
    stage.isFirst
      ? "fn part(index: u32, position: u32) -> Total { return begun(element(index), position); }"
      : "fn part(index: u32, position: u32) -> Total { return partials[index]; }",
    stage.isLast && !epilogue ? plain : "",
    { serial, tree, columns }[stage.plan](text),
  ].join("\n");
}

/** WGSL type `Total` with `empty()`, `begun(value, position)`, `merge(a, b)` and `value_of(total)`. */
function accumulator({ combine, type: dtype }: ReduceText, source: FusedSource): string {
  const type = VALUE_TYPE[dtype];
  if (combine === "argMax" || combine === "argMin") return extremePlace(combine, type);
  // An infinite constant does not compile in WGSL, so infinities come as bits.
  const bits = (word: number): string => `bitcast<f32>(${source.word(word)})`;
  const isFloat = type === "f32";
  if (isFloat) source.useLibraries(["finite"]);
  const rule = {
    sum: () => ({ start: isFloat ? "0.0f" : "0i", merge: "a + b" }),
    prod: () => ({ start: isFloat ? "1.0f" : "1i", merge: "a * b" }),
    max: () => ({
      start: isFloat ? bits(0xff800000) : "i32(-2147483647 - 1)",
      merge: isFloat ? "max_or_nan(a, b)" : "max(a, b)",
    }),
    min: () => ({
      start: isFloat ? bits(0x7f800000) : "2147483647i",
      merge: isFloat ? "min_or_nan(a, b)" : "min(a, b)",
    }),
  }[combine]();
  return `
alias Total = ${type};
fn empty() -> Total { return ${rule.start}; }
fn begun(value: ${type}, position: u32) -> Total { return value; }
fn merge(a: Total, b: Total) -> Total { return ${rule.merge}; }
fn value_of(total: Total) -> ${type} { return total; }`;
}

/**
 * The greatest rank wins, of equal ones the first. Ranks are whole numbers, so that NaN needs no comparison of
 * floats, which WGSL leaves open: it has the greatest rank for either direction.
 */
function extremePlace(combine: "argMax" | "argMin", type: string): string {
  const sign = combine === "argMax" ? "" : "-";
  const rank =
    type === "f32"
      ? `let bits = bitcast<i32>(value);
  let magnitude = bits & 0x7fffffff;
  let ordered = select(magnitude, -magnitude, bits < 0i);
  return select(${sign}ordered, 0x7fffffff, magnitude > 0x7f800000);`
      : `return ${combine === "argMax" ? "value" : "~value"};`;
  return `
struct Total { rank: i32, position: i32 }
fn rank_of(value: ${type}) -> i32 {
  ${rank}
}
fn empty() -> Total { return Total(i32(-2147483647 - 1), 2147483647i); }
fn begun(value: ${type}, position: u32) -> Total { return Total(rank_of(value), i32(position)); }
fn merge(a: Total, b: Total) -> Total {
  if (b.rank > a.rank || (b.rank == a.rank && b.position < a.position)) { return b; }
  return a;
}
fn value_of(total: Total) -> i32 { return total.position; }`;
}

const MAIN = (lanes: number): string => `@compute @workgroup_size(${lanes})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) lane: u32) {
  let workgroup = group.y * groups.x + group.x;`;

function serial({ sizes: { outer, length, inner } }: ReduceText): string {
  return `${MAIN(LANES.serial)}
  let place = workgroup * ${LANES.serial}u + lane;
  if (place >= ${outer} * ${inner}) { return; }
  let first = (place / ${inner}) * ${length} * ${inner} + place % ${inner};
  var total = empty();
  for (var k = 0u; k < ${length}; k++) {
    total = merge(total, part(first + k * ${inner}, k));
  }
  result[place] = finish(value_of(total), place);
}`;
}

/** `row`, `block`, `begin` and `count`: which elements of which result the workgroup `place` reduces. */
function share(place: string, { sizes, stage }: ReduceText): string {
  if (stage.isLast) {
    return `let row = ${place};
  let begin = 0u;
  let count = ${sizes.length};`;
  }
  return `let row = ${place} / ${sizes.blocks};
  let begin = (${place} % ${sizes.blocks}) * ${BLOCK}u;
  let count = min(${BLOCK}u, ${sizes.length} - begin);`;
}

/** `total` over every `step`-th of `count` elements from `from` on, in runs. */
function laneTotal(from: string, step: number, part: string): string {
  const run = `${step * RUN}u`;
  return `for (var start = ${from}; start < count; start += ${run}) {
    var run = empty();
    let stop = min(start + ${run}, count);
    for (var k = start; k < stop; k += ${step}u) {
      run = merge(run, ${part});
    }
    total = merge(total, run);
  }`;
}

function store({ stage }: ReduceText, place: string): string {
  return stage.isLast ? `finish(value_of(total), ${place})` : "total";
}

function tree(text: ReduceText): string {
  const { outer, length, blocks } = text.sizes;
  return `var<workgroup> lanes: array<Total, ${LANES.tree}>;
${MAIN(LANES.tree)}
  if (workgroup >= ${outer} * ${blocks}) { return; }
  ${share("workgroup", text)}
  let first = row * ${length} + begin;
  var total = empty();
  ${laneTotal("lane", LANES.tree, "part(first + k, begin + k)")}
  lanes[lane] = total;
  workgroupBarrier();
  // One lane merges all: a single barrier, which software adapters pay dearly for.
  if (lane == 0u) {
    total = empty();
    for (var start = 0u; start < ${LANES.tree}u; start += ${LANE_RUN}u) {
      var run = lanes[start];
      for (var i = 1u; i < ${LANE_RUN}u; i++) { run = merge(run, lanes[start + i]); }
      total = merge(total, run);
    }
    result[workgroup] = ${store(text, "workgroup")};
  }
}`;
}

function columns(text: ReduceText): string {
  const { outer, length, inner, blocks } = text.sizes;
  const rows = LANES.columns / COLUMNS;
  return `var<workgroup> lanes: array<Total, ${LANES.columns}>;
${MAIN(LANES.columns)}
  let tiles = (${inner} + ${COLUMNS - 1}u) / ${COLUMNS}u;
  let piece = workgroup / tiles;
  if (piece >= ${outer} * ${blocks}) { return; }
  ${share("piece", text)}
  let column = (workgroup % tiles) * ${COLUMNS}u + lane % ${COLUMNS}u;
  let lane_row = lane / ${COLUMNS}u;
  let inside = column < ${inner};
  let first = (row * ${length} + begin) * ${inner} + column;
  var total = empty();
  if (inside) {
    ${laneTotal("lane_row", rows, `part(first + k * ${inner}, begin + k)`)}
  }
  lanes[lane] = total;
  workgroupBarrier();
  if (lane_row == 0u && inside) {
    for (var i = 1u; i < ${rows}u; i++) { total = merge(total, lanes[i * ${COLUMNS}u + lane]); }
    let place = piece * ${inner} + column;
    result[place] = ${store(text, "place")};
  }
}`;
}
