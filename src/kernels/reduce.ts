import type { DType } from "../graph/dtype.ts";
import type { Expression } from "../graph/expression.ts";
import { type Dispatch, input, type KernelTarget, output } from "./dispatch.ts";
import { FusedSource, STORE_TYPE } from "./fused-source.ts";
import { linearGroups } from "./grid.ts";

export type Combine = "sum" | "prod" | "max" | "min" | "argMax" | "argMin";

/** A reduction of [outer, length, inner] over the middle axis. */
export interface ReduceRequest {
  readonly name: string;
  readonly combine: Combine;
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
  /** The reduction goes over the first axis, whose size (the batch) no choice may depend on. */
  readonly isOverBatch: boolean;
  /** The value at a flat index of the reduced space. */
  readonly element: Expression;
  /** What is stored, from a hole of the reduction's dtype; null stores the reduction itself. */
  readonly epilogue: Expression | null;
  readonly resultDType: DType;
  readonly loads: readonly DType[];
  readonly flopsPerElement: number;
  readonly bytes: number;
}

/**
 * Which invocations share one result. `serial`: one lane each, for short runs. `tree`: a workgroup each,
 * lanes along the run. `columns`: a workgroup for 32 neighbouring results of a strided run, 8 lanes each.
 * The order of additions depends on `length` alone: same sizes, same bits.
 */
export type ReducePlan = "serial" | "tree" | "columns";

export function chooseReducePlan({
  length,
  inner,
  isOverBatch,
}: Pick<ReduceRequest, "length" | "inner" | "isOverBatch">): ReducePlan {
  if (inner > 1) return length <= 8 && !isOverBatch ? "serial" : "columns";
  return length <= 32 && !isOverBatch ? "serial" : "tree";
}

const LANES = { serial: 64, tree: 64, columns: 256 } as const;
const COLUMNS = 32;

export function reduce(request: ReduceRequest, target: KernelTarget): Dispatch {
  const plan = chooseReducePlan(request);
  const { element, loads } = request;
  const source = new FusedSource(loads);
  const sizes = {
    outer: source.word(request.outer),
    length: source.word(request.length),
    inner: source.word(request.inner),
  };
  source.addFunction("element", element);
  const stored = request.epilogue?.dtype ?? request.resultDType;
  if (request.epilogue) {
    source.addFunction("finish", request.epilogue, { hole: request.resultDType });
  }
  source.useLibraries(["finite"]);
  const total = accumulator(request, source);
  const body = { serial, tree, columns }[plan](sizes);
  const code = [
    `@group(0) @binding(2) var<storage, read_write> result: array<${STORE_TYPE[stored]}>;`,
    source.declarations(3),
    total,
    request.epilogue
      ? ""
      : `fn finish(value: ${STORE_TYPE[stored]}, index: u32) -> ${STORE_TYPE[stored]} { return value; }`,
    body,
  ].join("\n");
  const results = request.outer * request.inner;
  const groups = {
    serial: Math.ceil(results / LANES.serial),
    tree: results,
    columns: request.outer * Math.ceil(request.inner / COLUMNS),
  }[plan];
  return {
    kernel: { name: request.name, code, layout: `-uw${source.layout}` },
    bindings: [output(0), ...loads.map((_, i) => input(i))],
    words: source.words,
    workgroups: linearGroups(groups, target.limits),
    flops: results * request.length * request.flopsPerElement,
    bytes: request.bytes,
  };
}

/** WGSL type `Total` with `empty()`, `take(total, value, position)`, `merge(a, b)` and `value_of(total)`. */
function accumulator({ combine, element }: ReduceRequest, source: FusedSource): string {
  const type = STORE_TYPE[element.dtype];
  // An infinite constant does not compile in WGSL, so infinities come as bits.
  const lowest = type === "f32" ? bitsAsFloat(source, 0xff800000) : "i32(-2147483647 - 1)";
  const highest = type === "f32" ? bitsAsFloat(source, 0x7f800000) : "2147483647i";
  if (combine === "argMax" || combine === "argMin") {
    const wins = combine === "argMax" ? ">" : "<";
    const start = combine === "argMax" ? lowest : highest;
    return `
struct Total { best: ${type}, position: i32 }
fn empty() -> Total { return Total(${start}, -1i); }
fn merge(a: Total, b: Total) -> Total {
  // Position -1 is "nothing yet"; of equal values the first one wins.
  if (b.position < 0i) { return a; }
  if (a.position < 0i || b.best ${wins} a.best) { return b; }
  if (b.best == a.best && b.position < a.position) { return b; }
  return a;
}
fn take(total: Total, value: ${type}, position: u32) -> Total {
  return merge(total, Total(value, i32(position)));
}
fn value_of(total: Total) -> i32 { return max(total.position, 0i); }`;
  }
  const rule = {
    sum: { start: type === "f32" ? "0.0f" : "0i", merge: "a + b" },
    prod: { start: type === "f32" ? "1.0f" : "1i", merge: "a * b" },
    max: {
      start: lowest,
      merge: type === "f32" ? "keep_nan(a, keep_nan(b, max(a, b)))" : "max(a, b)",
    },
    min: {
      start: highest,
      merge: type === "f32" ? "keep_nan(a, keep_nan(b, min(a, b)))" : "min(a, b)",
    },
  }[combine];
  return `
alias Total = ${type};
fn empty() -> Total { return ${rule.start}; }
fn merge(a: Total, b: Total) -> Total { return ${rule.merge}; }
fn take(total: Total, value: ${type}, position: u32) -> Total { return merge(total, value); }
fn value_of(total: Total) -> ${type} { return total; }`;
}

function bitsAsFloat(source: FusedSource, bits: number): string {
  return `bitcast<f32>(${source.word(bits)})`;
}

interface Sizes {
  readonly outer: string;
  readonly length: string;
  readonly inner: string;
}

const MAIN = (lanes: number): string => `@compute @workgroup_size(${lanes})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) lane: u32) {
  let workgroup = group.y * groups.x + group.x;`;

function serial({ outer, length, inner }: Sizes): string {
  return `${MAIN(LANES.serial)}
  let place = workgroup * ${LANES.serial}u + lane;
  if (place >= ${outer} * ${inner}) { return; }
  let first = (place / ${inner}) * ${length} * ${inner} + place % ${inner};
  var total = empty();
  for (var k = 0u; k < ${length}; k++) {
    total = take(total, element(first + k * ${inner}), k);
  }
  result[place] = finish(value_of(total), place);
}`;
}

function tree({ outer, length }: Sizes): string {
  return `var<workgroup> partial: array<Total, ${LANES.tree}>;
${MAIN(LANES.tree)}
  if (workgroup >= ${outer}) { return; }
  var total = empty();
  for (var k = lane; k < ${length}; k += ${LANES.tree}u) {
    total = take(total, element(workgroup * ${length} + k), k);
  }
  partial[lane] = total;
  workgroupBarrier();
  // One lane adds the partials: a single barrier, which software adapters pay dearly for.
  if (lane == 0u) {
    for (var i = 1u; i < ${LANES.tree}u; i++) { total = merge(total, partial[i]); }
    result[workgroup] = finish(value_of(total), workgroup);
  }
}`;
}

function columns({ outer, length, inner }: Sizes): string {
  const rows = LANES.columns / COLUMNS;
  return `var<workgroup> partial: array<Total, ${LANES.columns}>;
${MAIN(LANES.columns)}
  let tiles = (${inner} + ${COLUMNS - 1}u) / ${COLUMNS}u;
  let block = workgroup / tiles;
  if (block >= ${outer}) { return; }
  let column = (workgroup % tiles) * ${COLUMNS}u + lane % ${COLUMNS}u;
  let row = lane / ${COLUMNS}u;
  let inside = column < ${inner};
  var total = empty();
  if (inside) {
    for (var k = row; k < ${length}; k += ${rows}u) {
      total = take(total, element((block * ${length} + k) * ${inner} + column), k);
    }
  }
  partial[lane] = total;
  workgroupBarrier();
  if (row == 0u && inside) {
    for (var i = 1u; i < ${rows}u; i++) { total = merge(total, partial[i * ${COLUMNS}u + lane]); }
    let place = block * ${inner} + column;
    result[place] = finish(value_of(total), place);
  }
}`;
}
