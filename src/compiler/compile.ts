import type { Rules } from "../autograd/rules.ts";
import { LimitError, SluiceError } from "../errors.ts";
import { alignUp } from "../graph/arena-layout.ts";
import type { HostScalar } from "../graph/host-scalar.ts";
import type { Value } from "../graph/node.ts";
import type { KernelTarget, Words } from "../kernels/dispatch.ts";
import { type Canonical, leafIn, type Request } from "./canonical.ts";
import { checkLimits, checkSizes } from "./check-limits.ts";
import { colocate } from "./colocate.ts";
import { fuse } from "./fuse.ts";
import { originIn } from "./in-place.ts";
import { type LoweredStep, labelOf, lowerStep } from "./lower.ts";
import { lowerScan } from "./lower-scan.ts";
import { copyStep, orderSteps } from "./order.ts";
import { type Placed, place } from "./place.ts";
import type { Plan, PlanDispatch } from "./plan.ts";
import { Simplifier } from "./simplify.ts";
import { readsOf } from "./steps.ts";

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
  const simplifier = new Simplifier(leafIn(canonical), rules);
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
  const lowered = ordered.map((step) =>
    lowerStep(step, { rules, target, memoryOf, isUsed, lowerScan }),
  );
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
    return step.lowered.dispatches.map((dispatch): PlanDispatch => {
      const { words } = dispatch;
      const isNew = words !== undefined && !runBlock.has(words.fixed);
      const wordsOffset = words && words.fixed.length > 0 ? runBlock.add(words.fixed) : -1;
      for (const { word, scalar } of isNew ? scalarWords(words, step, scalars) : []) {
        filled.push({ word: wordsOffset / 4 + word, scalar });
      }
      return {
        label: dispatch.label ?? labelOf(step.step, dispatch.kernel),
        kernel: dispatch.kernel,
        bindings: dispatch.bindings.map((ref) => {
          const memory = placed.resolve(index, ref);
          if (memory.kind !== "table") return memory;
          const table = tables[firstTable + memory.index];
          return { ...memory, index: firstTable + memory.index, bytes: (table?.length ?? 1) * 4 };
        }),
        paramsOffset: dispatch.params ? planBlock.add(dispatch.params) : -1,
        paramsBytes: (dispatch.params?.length ?? 0) * 4,
        wordsOffset,
        wordsBytes: (words?.fixed.length ?? 0) * 4,
        workgroups: dispatch.workgroups,
        flops: dispatch.flops,
        bytes: dispatch.bytes,
        note: dispatch.note ?? null,
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
  words: Words,
  step: LoweredStep,
  scalars: readonly HostScalar[],
): { word: number; scalar: number }[] {
  return words.scalars.map(({ word, scalar }) => {
    const host = step.scalars[scalar];
    const index = host ? scalars.indexOf(host) : -1;
    if (index < 0)
      throw new SluiceError("internal", "a kernel reads a scalar that the graph has not.");
    return { word, scalar: index };
  });
}

/** Uniform ranges, each at a multiple of 256 bytes. What the steps of a scan share stands there once. */
class Block {
  readonly #offsets = new Map<Uint32Array, number>();
  #bytes = 0;

  has(words: Uint32Array): boolean {
    return this.#offsets.has(words);
  }

  /** @returns the byte offset of `words`. */
  add(words: Uint32Array): number {
    const known = this.#offsets.get(words);
    if (known !== undefined) return known;
    const offset = this.#bytes;
    this.#offsets.set(words, offset);
    this.#bytes += alignUp(words.length * 4);
    return offset;
  }

  words(): Uint32Array {
    const all = new Uint32Array(this.#bytes / 4);
    for (const [words, offset] of this.#offsets) all.set(words, offset / 4);
    return all;
  }
}
