import type { DType } from "../graph/dtype.ts";
import type { Expression } from "../graph/expression.ts";
import {
  type Dispatch,
  input,
  type KernelTarget,
  type Lowered,
  output,
  type SlotRef,
  scratch,
} from "./dispatch.ts";
import { FusedSource } from "./fused-source.ts";
import { linearGroups } from "./grid.ts";
import {
  BLOCK,
  COLUMNS,
  type Combine,
  LANES,
  type ReducePlan,
  type ReduceStage,
  reduceCode,
  totalBytes,
} from "./reduce-source.ts";

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

function chooseReducePlan({
  length,
  inner,
  isOverBatch,
}: Pick<ReduceRequest, "length" | "inner" | "isOverBatch">): ReducePlan {
  if (inner > 1) return length <= 8 && !isOverBatch ? "serial" : "columns";
  return length <= 32 && !isOverBatch ? "serial" : "tree";
}

/**
 * One dispatch; where a result has more than BLOCK elements, first one that leaves a partial for each block of
 * them, and so on over the partials. So a sum of everything fills the GPU, and its rounding grows with the
 * logarithm of its length. Only a batch of more than BLOCK rows needs another pipeline than a small one.
 *
 * The order of additions depends on `length`, `inner` and `isOverBatch` alone: same sizes, same bits.
 */
export function reduce(request: ReduceRequest, target: KernelTarget): Lowered {
  const plan = chooseReducePlan(request);
  const dispatches: Dispatch[] = [];
  const partials: number[] = [];
  let { length } = request;
  for (let isLast = false; !isLast; ) {
    const level = dispatches.length;
    isLast = length <= BLOCK;
    const blocks = isLast ? 1 : Math.ceil(length / BLOCK);
    const stage = { plan, length, blocks, isFirst: level === 0, isLast };
    dispatches.push(stageDispatch(request, stage, { level, target }));
    if (!isLast) {
      partials.push(request.outer * blocks * request.inner * totalBytes(request.combine));
    }
    length = blocks;
  }
  return { dispatches, scratch: partials };
}

function stageDispatch(
  request: ReduceRequest,
  stage: ReduceStage,
  { level, target }: { level: number; target: KernelTarget },
): Dispatch {
  const { outer, inner, element } = request;
  const { plan, length, blocks, isFirst, isLast } = stage;
  const source = new FusedSource(request.loads);
  const sizes = {
    outer: source.word(outer),
    length: source.word(length),
    inner: source.word(inner),
    blocks: isLast ? "1u" : source.word(blocks),
  };
  if (isFirst) source.addFunction("element", element, { computes: true });
  const { epilogue, resultDType } = request;
  if (isLast && epilogue) source.addFunction("finish", epilogue, { hole: resultDType });
  const code = reduceCode({ ...request, type: element.dtype, stage, sizes }, source);
  const groups = {
    serial: Math.ceil((outer * inner) / LANES.serial),
    tree: outer * blocks,
    columns: outer * blocks * Math.ceil(inner / COLUMNS),
  }[plan];
  const from: SlotRef[] = isFirst ? [] : [scratch(level - 1)];
  const count = outer * inner * length;
  const partialBytes = outer * inner * (isFirst ? 0 : length) * totalBytes(request.combine);
  return {
    kernel: {
      name: isLast ? request.name : `${request.combine}_blocks`,
      code,
      layout: `-uw${isFirst ? "" : "r"}${source.layout}`,
    },
    bindings: [isLast ? output(0) : scratch(level), ...from, ...source.inputs.map(input)],
    words: source.words,
    workgroups: linearGroups(groups, target.limits),
    flops: count * (isFirst ? request.flopsPerElement : 1),
    bytes: isFirst ? request.bytes : partialBytes,
  };
}
