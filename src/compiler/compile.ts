import type { Rules } from "../autograd/backward.ts";
import { LimitError, SluiceError } from "../errors.ts";
import { alignUp } from "../graph/arena-layout.ts";
import type { HostScalar } from "../graph/host-scalar.ts";
import type { Value } from "../graph/node.ts";
import { sizeOf } from "../graph/shape.ts";
import { specBytes } from "../graph/spec.ts";
import { topologicalOrder } from "../graph/traverse.ts";
import type { KernelTarget, Words } from "../kernels/dispatch.ts";
import type { Canonical, Request } from "./canonical.ts";
import { colocate } from "./colocate.ts";
import { fuse } from "./fuse.ts";
import { originIn } from "./in-place.ts";
import { type LoweredStep, lowerStep } from "./lower.ts";
import { copyStep, orderSteps } from "./order.ts";
import { type Placed, place } from "./place.ts";
import type { Plan, PlanDispatch } from "./plan.ts";
import { Simplifier } from "./simplify.ts";
import { headOf, readsOf, type Step } from "./steps.ts";

export interface CompileEnvironment {
  readonly rules: Rules;
  readonly target: KernelTarget;
}

/** From a graph to a plan: simplify → fuse → order → lower → give memory. Pure: needs no device. */
export function compilePlan(
  request: Request,
  canonical: Canonical,
  { rules, target }: CompileEnvironment,
): Plan {
  const { registry } = rules;
  const outputCount = request.outputs.length;
  const simplifier = new Simplifier(canonical, rules);
  const roots = simplifier.simplify([
    ...request.outputs,
    ...request.writes.map((write) => write.value),
  ]);
  checkSizes(roots);
  const fused = fuse(roots, { registry, limits: target.limits });
  const { memoryOf } = fused;
  const written = new Set(canonical.writeLeaves.map((leaf) => canonical.leaves[leaf]?.value));
  const located = colocate(fused.steps, {
    registry,
    memoryOf,
    leaves: canonical.leaves,
    isWritten: (leaf) => written.has(leaf),
  });
  const { inPlace } = located;
  const origin = originIn(inPlace);
  const isInPlace = (value: Value, write: number): boolean =>
    origin(value) !== value &&
    origin(value) === canonical.leaves[canonical.writeLeaves[write] ?? -1]?.value;
  const steps = [...located.steps];
  const bases = roots.map((root, i) => {
    const base = memoryOf(root);
    const isLost = inPlace.some(({ previous }) => previous === base);
    // Writes happen one after the other, so none may read what another one has changed by then.
    const isLeaf = origin(base).node.source !== undefined;
    const isMoved = i >= outputCount && isLeaf && !isInPlace(base, i - outputCount);
    if (!isLost && !isMoved) return base;
    const { step, copy } = copyStep(base);
    steps.push(step);
    return copy;
  });
  const ordered = orderSteps(steps, { inPlace, memoryOf });
  const used = new Set<Value>(bases);
  for (const step of ordered) for (const value of readsOf(step, memoryOf)) used.add(value);
  const isUsed = (value: Value): boolean =>
    used.has(value) || inPlace.some((p) => p.value === value);
  const lowered = ordered.map((step) => lowerStep(step, { registry, target, memoryOf, isUsed }));
  checkLimits(lowered, target);
  const placed = place({
    steps: lowered,
    leaves: canonical.leaves,
    roots: bases,
    arenas: located.arenas,
    inPlace,
    memoryOf,
  });
  const assembled = assemble(lowered, { placed, scalars: canonical.scalars });
  checkPlaced(placed.slots, assembled, target);
  return {
    ...assembled,
    key: canonical.key,
    leaves: placed.leaves,
    slots: placed.slots,
    outputs: request.outputs.map((value, i) => ({
      memory: placed.refOf(bases[i] as Value),
      spec: value.spec,
    })),
    writes: request.writes.map((write, i) => {
      const base = bases[outputCount + i] as Value;
      const leaf = canonical.writeLeaves[i] ?? -1;
      return {
        memory: placed.refOf(base),
        spec: write.value.spec,
        leaf,
        inPlace: isInPlace(base, i),
      };
    }),
  };
}

/**
 * Values that lie nowhere have sizes, too: a kernel counts their elements in 32 bits.
 * @throws {LimitError} for a value whose elements it could not tell apart.
 */
function checkSizes(roots: readonly Value[]): void {
  for (const node of topologicalOrder(roots, { isLeaf: () => false })) {
    for (const { shape } of node.outputs) {
      const size = sizeOf(shape);
      if (size < 2 ** 32) continue;
      throw new LimitError(
        `${node.op}: a tensor of shape [${shape.join(",")}] has ${size} elements, but kernels count at most ` +
          `${2 ** 32 - 1}. Split the work into smaller batches.`,
        { details: { size, limit: 2 ** 32 - 1, shape } },
      );
    }
  }
}

/** @throws {LimitError} for a buffer that no binding can hold, before anything is allocated. */
function checkLimits(steps: readonly LoweredStep[], { limits }: KernelTarget): void {
  const most = Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize);
  for (const { step, inputs, lowered } of steps) {
    const scratch = Math.max(0, ...(lowered.scratch ?? []));
    if (scratch > most) {
      throw new LimitError(
        `${headOf(step).op}: needs ${scratch} bytes for intermediate results, but this device binds at most ` +
          `${most} bytes at once. Split the work into smaller batches.`,
        { details: { bytes: scratch, limit: most } },
      );
    }
    for (const value of [...step.results, ...inputs]) {
      const bytes = specBytes(value.spec);
      if (bytes <= most) continue;
      throw new LimitError(
        `${headOf(step).op}: a tensor of shape [${value.shape.join(",")}] takes ${bytes} bytes, but this ` +
          `device binds at most ${most} bytes at once. Split the work into smaller batches.`,
        { details: { bytes, limit: most, shape: value.shape } },
      );
    }
  }
}

/** @throws {LimitError} for memory that only placing showed: scratch, tables, arenas; before it is allocated. */
function checkPlaced(
  slots: readonly number[],
  { dispatches, planBlock, runBlock }: Assembled,
  { limits }: KernelTarget,
): void {
  const refuse = (what: string, { bytes, limit }: { bytes: number; limit: number }): void => {
    if (bytes <= limit) return;
    throw new LimitError(
      `${what} takes ${bytes} bytes, but this device allows at most ${limit}. Split the work into smaller batches.`,
      { details: { bytes, limit } },
    );
  };
  const limit = limits.maxBufferSize;
  for (const bytes of slots) refuse("memory that the computation needs", { bytes, limit });
  for (const block of [planBlock, runBlock]) {
    refuse("the sizes of all kernels", { bytes: block.byteLength, limit });
  }
  for (const { label, bindings } of dispatches) {
    for (const { kind, bytes } of bindings) {
      const what = `${label}: one of its ${kind === "table" ? "tables" : "buffers"}`;
      refuse(what, { bytes, limit: limits.maxStorageBufferBindingSize });
    }
  }
}

interface Assembled {
  readonly dispatches: PlanDispatch[];
  readonly planBlock: Uint32Array;
  readonly runBlock: Uint32Array;
  readonly scalars: { word: number; scalar: number }[];
  readonly tables: Uint32Array[];
}

function assemble(
  steps: readonly LoweredStep[],
  { placed, scalars }: { placed: Placed; scalars: readonly HostScalar[] },
): Assembled {
  const planBlock = new Block();
  const runBlock = new Block();
  const filled: { word: number; scalar: number }[] = [];
  const tables: Uint32Array[] = [];
  const dispatches = steps.flatMap((step, index) => {
    const firstTable = tables.length;
    tables.push(...(step.lowered.tables ?? []));
    const label = labelOf(step.step);
    return step.lowered.dispatches.map((dispatch): PlanDispatch => {
      const hasWords = dispatch.words !== undefined && dispatch.words.fixed.length > 0;
      const wordsOffset = hasWords ? runBlock.add(dispatch.words.fixed) : -1;
      for (const { word, scalar } of scalarWords(dispatch.words, step, scalars)) {
        filled.push({ word: wordsOffset / 4 + word, scalar });
      }
      return {
        label:
          dispatch.kernel.name === headOf(step.step).op
            ? label
            : `${label}:${dispatch.kernel.name}`,
        kernel: dispatch.kernel,
        bindings: dispatch.bindings.map((ref) => {
          const memory = placed.resolve(index, ref);
          if (memory.kind !== "table") return memory;
          const words = tables[firstTable + memory.index];
          return { ...memory, index: firstTable + memory.index, bytes: (words?.length ?? 1) * 4 };
        }),
        paramsOffset: dispatch.params ? planBlock.add(dispatch.params) : -1,
        paramsBytes: (dispatch.params?.length ?? 0) * 4,
        wordsOffset,
        wordsBytes: (dispatch.words?.fixed.length ?? 0) * 4,
        workgroups: dispatch.workgroups,
        flops: dispatch.flops,
        bytes: dispatch.bytes,
      };
    });
  });
  return {
    dispatches,
    planBlock: planBlock.words(),
    runBlock: runBlock.words(),
    scalars: filled,
    tables,
  };
}

function scalarWords(
  words: Words | undefined,
  step: LoweredStep,
  scalars: readonly HostScalar[],
): { word: number; scalar: number }[] {
  return (words?.scalars ?? []).map(({ word, scalar }) => {
    const host = step.scalars[scalar];
    const index = host ? scalars.indexOf(host) : -1;
    if (index < 0)
      throw new SluiceError("internal", "a kernel reads a scalar that the graph has not.");
    return { word, scalar: index };
  });
}

function labelOf(step: Step): string {
  const head = headOf(step);
  const op = step.kind === "elementwise" || !step.epilogue ? head.op : `${step.node.op}+${head.op}`;
  return head.scope ? `${head.scope}/${op}` : op;
}

/** Uniform ranges, each at a multiple of 256 bytes. */
class Block {
  readonly #parts: { offset: number; words: Uint32Array }[] = [];
  #bytes = 0;

  /** @returns the byte offset of `words`. */
  add(words: Uint32Array): number {
    const offset = this.#bytes;
    this.#parts.push({ offset, words });
    this.#bytes += alignUp(words.length * 4);
    return offset;
  }

  words(): Uint32Array {
    const all = new Uint32Array(this.#bytes / 4);
    for (const { offset, words } of this.#parts) all.set(words, offset / 4);
    return all;
  }
}
