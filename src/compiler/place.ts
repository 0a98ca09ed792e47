import { layOut } from "../graph/arena-layout.ts";
import type { Value } from "../graph/node.ts";
import { sizeOf } from "../graph/shape.ts";
import { specBytes } from "../graph/spec.ts";
import type { SlotRef } from "../kernels/dispatch.ts";
import type { Leaf } from "./canonical.ts";
import type { Arena } from "./colocate.ts";
import { type InPlace, originIn } from "./in-place.ts";
import type { LoweredStep } from "./lower.ts";
import { assignSlots, type Lifetime } from "./memory.ts";

import { type MemoryRef, type PlanLeaf, STAGED_BYTES } from "./plan.ts";
import { readsOf } from "./steps.ts";

export interface PlaceRequest {
  readonly steps: readonly LoweredStep[];
  /** Memory from outside the plan: inputs, and results that a scan wants elsewhere. */
  readonly leaves: readonly Leaf[];
  /** Values that are copied out after the last step. */
  readonly roots: readonly Value[];
  readonly arenas: readonly Arena[];
  readonly inPlace: readonly InPlace[];
  readonly memoryOf: (value: Value) => Value;
}

/** Where everything lies. */
export interface Placed {
  readonly slots: readonly number[];
  readonly leaves: readonly PlanLeaf[];
  readonly refOf: (value: Value) => MemoryRef;
  /** Memory of a symbolic slot of step number `step`. */
  readonly resolve: (step: number, ref: SlotRef) => MemoryRef;
}

/** Gives memory to every value of a plan, by the steps between its making and its last use. */
export function place(request: PlaceRequest): Placed {
  const placer = new Placer(request);
  return placer.run();
}

interface Piece {
  bytes: number;
  first: number;
  last: number;
}

class Placer {
  readonly #request: PlaceRequest;
  readonly #pieces: Piece[] = [];
  /** Which piece holds a value, and where in it. */
  readonly #homes = new Map<Value, { piece: number; offset: number }>();
  readonly #leafOf = new Map<Value, number>();
  readonly #originOf: (value: Value) => Value;
  readonly #scratch: number[][] = [];

  constructor(request: PlaceRequest) {
    this.#request = request;
    for (const [i, leaf] of request.leaves.entries()) this.#leafOf.set(leaf.value, i);
    this.#originOf = originIn(request.inPlace);
  }

  run(): Placed {
    const staged = this.#request.leaves.map((leaf) => this.#stage(leaf));
    for (const arena of this.#request.arenas) this.#addArena(arena);
    for (const [i, step] of this.#request.steps.entries()) this.#visit(step, i);
    const end = this.#request.steps.length;
    for (const root of this.#request.roots) this.#touch(root, end);
    const { slots, bytes } = assignSlots(this.#pieces as readonly Lifetime[]);
    const slotOf = (piece: number): number => slots[piece] ?? -1;
    const refOf = (value: Value): MemoryRef => this.#refOf(value, slotOf);
    return {
      slots: bytes,
      leaves: this.#request.leaves.map((leaf, i) => ({
        spec: leaf.value.spec,
        bytes: specBytes(leaf.value.spec),
        slot: staged[i] === -1 ? -1 : slotOf(staged[i] ?? -1),
      })),
      refOf,
      resolve: (step, ref) => this.#resolve(step, ref, { refOf, slotOf }),
    };
  }

  /** Small and host inputs get a piece of their own from the start; others are bound where they lie. */
  #stage({ value, source }: Leaf): number {
    const bytes = specBytes(value.spec);
    const isStaged =
      source.kind === "host" ||
      (source.kind === "argument" && source.staged) ||
      (source.kind === "storage" && source.storage.kind === "result" && bytes <= STAGED_BYTES);
    if (!isStaged) return -1;
    const piece = this.#pieces.push({ bytes, first: -1, last: -1 }) - 1;
    this.#homes.set(value, { piece, offset: 0 });
    return piece;
  }

  #addArena(arena: Arena): void {
    const bytes = arena.bytes;
    const piece = this.#pieces.push({ bytes, first: Number.POSITIVE_INFINITY, last: -1 }) - 1;
    for (const { value, offset } of arena.members) this.#homes.set(value, { piece, offset });
  }

  #visit({ step, lowered }: LoweredStep, at: number): void {
    for (const value of readsOf(step, this.#request.memoryOf)) this.#touch(value, at);
    const written = new Set<number>();
    for (const dispatch of lowered.dispatches) {
      for (const ref of dispatch.bindings) if (ref.kind === "output") written.add(ref.index);
    }
    step.results.forEach((value, index) => {
      // A kernel has nothing to write into an empty result, but a place that can be named is needed.
      const isWritten = written.has(index) || step.kind !== "kernel" || sizeOf(value.shape) === 0;
      const isOutside = this.#leafOf.has(value);
      const isNew = !isOutside && !this.#homes.has(value) && this.#originOf(value) === value;
      if (isWritten && isNew) {
        const piece = this.#pieces.push({ bytes: specBytes(value.spec), first: at, last: at }) - 1;
        this.#homes.set(value, { piece, offset: 0 });
      }
      this.#touch(value, at);
    });
    this.#scratch[at] = (lowered.scratch ?? []).map(
      (bytes) => this.#pieces.push({ bytes, first: at, last: at }) - 1,
    );
  }

  #touch(value: Value, at: number): void {
    const home = this.#homes.get(this.#originOf(this.#request.memoryOf(value)));
    const piece = home && this.#pieces[home.piece];
    if (!piece) return;
    piece.first = Math.min(piece.first, at);
    piece.last = Math.max(piece.last, at);
  }

  #refOf(value: Value, slotOf: (piece: number) => number): MemoryRef {
    const base = this.#originOf(this.#request.memoryOf(value));
    const bytes = specBytes(base.spec);
    const home = this.#homes.get(base);
    if (home) return { kind: "slot", index: slotOf(home.piece), offset: home.offset, bytes };
    const leaf = this.#leafOf.get(base);
    if (leaf === undefined) throw new RangeError(`${value.node.op} has no memory in this plan`);
    return { kind: "leaf", index: leaf, offset: 0, bytes };
  }

  #resolve(
    at: number,
    ref: SlotRef,
    to: { refOf: (value: Value) => MemoryRef; slotOf: (piece: number) => number },
  ): MemoryRef {
    const step = this.#request.steps[at];
    if (ref.kind === "table") return { kind: "table", index: ref.index, offset: 0, bytes: -1 };
    if (ref.kind === "scratch") {
      const piece = this.#scratch[at]?.[ref.index] ?? -1;
      const { offset = 0 } = ref;
      const bytes = Math.max(4, (step?.lowered.scratch?.[ref.index] ?? 0) - offset);
      return { kind: "slot", index: to.slotOf(piece), offset, bytes };
    }
    const list = { input: step?.inputs, extra: step?.extras, output: step?.step.results }[ref.kind];
    const value = list?.[ref.index];
    if (!value)
      throw new RangeError(`a dispatch names ${ref.kind} ${ref.index}, which is not there`);
    const found = to.refOf(value);
    return ref.kind !== "extra" && ref.list ? { ...found, bytes: this.#listBytes(at, ref) } : found;
  }

  /** Bytes of the colocated list that begins at a slot. */
  #listBytes(at: number, ref: SlotRef & { kind: "input" | "output" }): number {
    const step = this.#request.steps[at]?.step;
    if (step?.kind !== "kernel") return 0;
    const first = ref.kind === "output" ? this.#inputOfOutput(at, ref.index) : ref.index;
    const list = this.#request.steps[at]?.lists.find((indices) => indices[0] === first) ?? [];
    return layOut(list.map((index) => (step.node.inputs[index] as Value).spec)).bytes;
  }

  #inputOfOutput(at: number, output: number): number {
    return this.#request.steps[at]?.inPlace.find((pair) => pair.output === output)?.input ?? -1;
  }
}
