import type { DType } from "../graph/dtype.ts";
import type { Expression } from "../graph/expression.ts";
import { type Shape, sizeOf } from "../graph/shape.ts";
import { type Dispatch, input, type KernelTarget, output } from "./dispatch.ts";
import { FusedSource, STORE_TYPE } from "./fused-source.ts";
import { linearGroups } from "./grid.ts";

const WORKGROUP = 64;

/** Everything one generated elementwise kernel needs to know. */
export interface ElementwiseRequest {
  /** For messages: the ops that were fused. */
  readonly name: string;
  readonly shape: Shape;
  readonly expression: Expression;
  /** dtypes of the buffers that the expression loads. */
  readonly loads: readonly DType[];
  readonly flopsPerElement: number;
  readonly bytes: number;
  /**
   * The result is a piece of a stack, one more at each step of a scan: element i of piece t lies at
   * `(i / inner)·pitch + t·inner + i % inner`. Default: it is dense.
   */
  readonly stack?: StackLayout | undefined;
}

/** How a piece lies in a stack. */
export interface StackLayout {
  readonly inner: number;
  readonly pitch: number;
}

/** One generated kernel: output element i is the expression at i. One invocation, one element. */
export function elementwise(request: ElementwiseRequest, target: KernelTarget): Dispatch {
  const { expression, loads, shape } = request;
  const size = sizeOf(shape);
  const source = new FusedSource(loads);
  const count = source.word(size);
  source.addFunction("element", expression);
  const place = request.stack ? stackedPlace(request.stack, source) : "index";
  const code = [
    `@group(0) @binding(2) var<storage, read_write> result: array<${STORE_TYPE[expression.dtype]}>;`,
    source.declarations(3),
    `@compute @workgroup_size(${WORKGROUP})`,
    "fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,",
    "        @builtin(local_invocation_index) lane: u32) {",
    `  let index = (group.y * groups.x + group.x) * ${WORKGROUP}u + lane;`,
    `  if (index >= ${count}) { return; }`,
    `  result[${place}] = element(index);`,
    "}",
  ].join("\n");
  return {
    kernel: { name: request.name, code, layout: `-uw${source.layout}` },
    bindings: [output(0), ...source.inputs.map(input)],
    words: source.words,
    workgroups: linearGroups(Math.ceil(size / WORKGROUP), target.limits),
    flops: size * request.flopsPerElement,
    bytes: request.bytes,
  };
}

function stackedPlace({ inner, pitch }: StackLayout, source: FusedSource): string {
  const width = source.word(Math.max(1, inner));
  const begin = source.steppedWord(0, inner);
  return `(index / ${width}) * ${source.word(pitch)} + index % ${width} + ${begin}`;
}
