import { layOut } from "../graph/arena-layout.ts";
import { Node, type Value } from "../graph/node.ts";
import type { Op } from "../ops/op.ts";
import type { Leaf } from "./canonical.ts";
import { type InPlace, inPlacePairs, originIn } from "./in-place.ts";
import { copyStep } from "./order.ts";
import { readsOf, type Step } from "./steps.ts";

/** Values that a kernel wants side by side in one buffer, in this order. */
export interface Arena {
  readonly members: readonly { readonly value: Value; readonly offset: number }[];
  readonly bytes: number;
}

export interface ColocateContext {
  readonly registry: ReadonlyMap<string, Op>;
  readonly memoryOf: (value: Value) => Value;
  readonly leaves: readonly Leaf[];
  /** Whether the plan gives this leaf, a variable, new content. */
  readonly isWritten: (leaf: Value) => boolean;
}

/** Steps whose kernels find their memory as they want it. */
export interface Colocated {
  readonly steps: readonly Step[];
  readonly arenas: readonly Arena[];
  readonly inPlace: readonly InPlace[];
}

/**
 * Prepares the memory of kernels that work in place or on lists. What may not be changed is copied, and the
 * copy is changed. Values of a list get an arena, so that their makers write straight into it; one that
 * cannot (an input of the plan, a value in two lists, a maker that reads another member) is copied in.
 */
export function colocate(steps: readonly Step[], context: ColocateContext): Colocated {
  return new Colocator(steps, context).run(steps);
}

/** A place that a value is known to have: variables by their buffer, others by their arena. */
interface Home {
  readonly buffer: number | Arena;
  readonly offset: number;
}

class Colocator {
  readonly #context: ColocateContext;
  readonly #makers = new Map<Value, Step>();
  readonly #homes = new Map<Value, Home>();
  readonly #arenas: Arena[] = [];
  readonly #inPlace: InPlace[] = [];
  readonly #changed = new Set<Value>();
  /** The copy that a value already has in an arena: the check and the update read the same gradients. */
  readonly #copies = new Map<Value, Value>();

  constructor(steps: readonly Step[], context: ColocateContext) {
    this.#context = context;
    for (const step of steps) for (const value of step.results) this.#makers.set(value, step);
    for (const { value, place } of context.leaves) if (place) this.#homes.set(value, place);
  }

  run(steps: readonly Step[]): Colocated {
    const all = steps.flatMap((step) => {
      if (step.kind !== "kernel") return [step];
      const copies: Step[] = [];
      const inputs = [...step.node.inputs];
      const pairs = inPlacePairs(step, this.#context.registry);
      this.#protect(inputs, { pairs, copies });
      this.#gather(step.node, { inputs, copies });
      const isSame = inputs.every((value, i) => value === step.node.inputs[i]);
      const changed = isSame ? step : { ...step, node: withInputs(step.node, inputs) };
      for (const { output, input } of pairs) {
        const previous = this.#baseOf(inputs[input]);
        const value = step.results[output] as Value;
        this.#inPlace.push({ step: changed, value, previous });
        this.#changed.add(previous);
      }
      return [...copies, changed];
    });
    return { steps: all, arenas: this.#arenas, inPlace: this.#inPlace };
  }

  /** Replaces inputs that the kernel may not change, and those beside which it may not write. */
  #protect(
    inputs: Value[],
    { pairs, copies }: { pairs: readonly { input: number }[]; copies: Step[] },
  ): void {
    if (pairs.length === 0) return;
    const origin = originIn(this.#inPlace);
    const made = new Set(this.#inPlace.map(({ value }) => value));
    const claimed = new Set<Value>();
    const written = new Set<Home["buffer"]>();
    for (const { input } of pairs) {
      const base = this.#baseOf(inputs[input]);
      const isFree = made.has(base) || this.#context.isWritten(base);
      if (!isFree || this.#changed.has(base) || claimed.has(base)) {
        inputs[input] = copyInto(copies, base);
        continue;
      }
      claimed.add(base);
      const home = this.#homes.get(origin(base));
      if (home) written.add(home.buffer);
    }
    // One dispatch may not write a buffer and read it by another binding.
    inputs.forEach((value, i) => {
      if (pairs.some(({ input }) => input === i)) return;
      const home = this.#homes.get(origin(this.#baseOf(value)));
      if (home && written.has(home.buffer)) inputs[i] = copyInto(copies, this.#baseOf(value));
    });
  }

  /** Brings each list of a kernel's inputs together. */
  #gather(node: Node, { inputs, copies }: { inputs: Value[]; copies: Step[] }): void {
    const lowering = this.#context.registry.get(node.op)?.lowering;
    if (lowering?.kind !== "kernel" || !lowering.colocated) return;
    for (const copying of copies) {
      for (const value of copying.results) this.#makers.set(value, copying);
    }
    for (const list of lowering.colocated(node)) {
      const bases = list.map((index) => this.#baseOf(inputs[index]));
      const known = bases.map((value) => this.#copies.get(value) ?? value);
      const found = [bases, known].find((values) => this.#areTogether(values));
      const members = found ?? this.#makeArena(bases, copies);
      list.forEach((index, i) => {
        if (members[i] !== bases[i]) inputs[index] = members[i] as Value;
      });
    }
  }

  #makeArena(bases: readonly Value[], copies: Step[]): readonly Value[] {
    const members = bases.map((value) => {
      const maker = this.#makers.get(value);
      const reads = maker ? readsOf(maker, this.#context.memoryOf) : [];
      const mustCopy =
        !maker ||
        this.#homes.has(value) ||
        this.#inPlace.some((one) => one.value === value) ||
        bases.indexOf(value) !== bases.lastIndexOf(value) ||
        reads.some((read) => read !== value && bases.includes(read));
      if (!mustCopy) return value;
      const copy = copyInto(copies, value);
      this.#copies.set(value, copy);
      return copy;
    });
    const { offsets, bytes } = layOut(members.map((value) => value.spec));
    const arena = {
      members: members.map((value, i) => ({ value, offset: offsets[i] ?? 0 })),
      bytes,
    };
    for (const { value, offset } of arena.members)
      this.#homes.set(value, { buffer: arena, offset });
    this.#arenas.push(arena);
    return members;
  }

  #areTogether(values: readonly Value[]): boolean {
    const origin = originIn(this.#inPlace);
    const first = this.#homes.get(origin(values[0] as Value));
    const { offsets } = layOut(values.map((value) => value.spec));
    return values.every((value, i) => {
      const home = this.#homes.get(origin(value));
      return (
        home?.buffer === first?.buffer && home?.offset === (first?.offset ?? 0) + (offsets[i] ?? 0)
      );
    });
  }

  #baseOf(value: Value | undefined): Value {
    return this.#context.memoryOf(value as Value);
  }
}

function copyInto(copies: Step[], value: Value): Value {
  const { step, copy } = copyStep(value);
  copies.push(step);
  return copy;
}

function withInputs(node: Node, inputs: readonly Value[]): Node {
  const outputs = node.outputs.map((output) => output.spec);
  return new Node(node.op, inputs, { ...node, outputs });
}
