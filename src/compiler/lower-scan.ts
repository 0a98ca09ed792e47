import { SluiceError } from "../errors.ts";
import type { HostScalar } from "../graph/host-scalar.ts";
import type { ScanBody } from "../graph/node.ts";
import { Node, type Source, type Value } from "../graph/node.ts";
import { axisBefore } from "../graph/scan-body.ts";
import {
  type Dispatch,
  input,
  output,
  type SlotRef,
  scratch,
  table,
  type Words,
} from "../kernels/dispatch.ts";
import { isConstant, stackPiece, stepPiece } from "../ops/scan.ts";
import { checkLimits, checkSizes } from "./check-limits.ts";
import { fuse } from "./fuse.ts";
import { type LowerEnvironment, type LoweredStep, labelOf, lowerStep } from "./lower.ts";
import { copyStep, orderSteps } from "./order.ts";
import { type Placed, place } from "./place.ts";
import type { MemoryRef } from "./plan.ts";
import { Simplifier } from "./simplify.ts";
import { readsOf, type Step } from "./steps.ts";

/**
 * A loop as dispatches. Its body is planned once, as a plan of its own whose slots are scratch memory of this step,
 * and its dispatches are repeated. From step to step differ only
 *
 *   - where carries lie: two buffers each, read and written in turn, because no dispatch may do both to one;
 *   - the words that hold a place in a sequence or a stack.
 *
 * So bind groups, and the words of all other dispatches, are those of four steps: the first, the last, and two between.
 */
export function lowerScan(
  step: Step & { kind: "kernel" },
  body: ScanBody,
  environment: LowerEnvironment,
): LoweredStep {
  const planned = planBody(step, body, environment);
  const { steps, placed } = planned;
  const scalars: HostScalar[] = [];
  const tables: Uint32Array[] = [];
  const memory = new BodyMemory(body, planned);
  const templates = steps.flatMap((one, index) => {
    const firstTable = tables.length;
    tables.push(...(one.lowered.tables ?? []));
    return one.lowered.dispatches.map((dispatch) => ({
      ...dispatch,
      label: dispatch.label ?? labelOf(one.step, dispatch.kernel),
      words: dispatch.words && renumbered(dispatch.words, one.scalars, scalars),
      refs: dispatch.bindings.map((ref): MemoryRef => {
        const found = placed.resolve(index, ref);
        return found.kind === "table" ? { ...found, index: found.index + firstTable } : found;
      }),
      bound: new Map<string, readonly SlotRef[]>(),
    }));
  });
  const dispatches: Dispatch[] = [];
  for (let turn = 0; turn < body.length; turn++) {
    const time = body.reverse ? body.length - 1 - turn : turn;
    const variant = memory.variantOf(turn);
    for (const { refs, bound, ...dispatch } of templates) {
      const bindings = bound.get(variant) ?? refs.map((ref) => memory.at(ref, turn));
      bound.set(variant, bindings);
      const words = dispatch.words && wordsAt(dispatch.words, time);
      dispatches.push({ ...dispatch, bindings, ...(words && { words }) });
    }
  }
  return {
    step,
    lowered: { dispatches, scratch: memory.scratch, tables },
    inputs: step.node.inputs.map((value) => environment.memoryOf(value)),
    extras: [],
    scalars,
    lists: [],
    inPlace: [],
  };
}

interface PlannedBody {
  readonly steps: readonly LoweredStep[];
  /** Leaf i is input i of the scan; after the inputs come what carries become, and pieces of stacks. */
  readonly placed: Placed;
  readonly inputCount: number;
  /** The output of the scan that each piece of a stack belongs to. */
  readonly stacks: readonly number[];
}

function planBody(
  { node, results }: Step & { kind: "kernel" },
  body: ScanBody,
  { rules, target, isUsed }: LowerEnvironment,
): PlannedBody {
  const { carries, xs, captures, next, ys, length } = body;
  const inputs = node.inputs.map((value, index) => outsideValue(value, index));
  const standIns = new Map<Value, Value>();
  const standFor = (value: Value, index: number, axis?: number): void => {
    const whole = inputs[index] as Value;
    standIns.set(value, axis === undefined ? whole : stepPiece(whole, axis));
  };
  carries.forEach((mark, i) => {
    standFor(mark, i);
  });
  xs.forEach(({ mark, axis }, i) => {
    standFor(mark, carries.length + i, axis);
  });
  captures.forEach((value, i) => {
    const index = carries.length + xs.length + i;
    const outside = node.inputs[index] as Value;
    if (isConstant(outside)) standIns.set(value, outside);
    else standFor(value, index);
  });
  const simplifier = new Simplifier((value) => standIns.get(value), rules);
  const simple = simplifier.simplify([...next, ...ys.map(({ value }) => value)]);
  const stacked = [
    ...ys.map(({ axis }, i) => ({ value: simple[next.length + i] as Value, axis })),
    ...carries.map((mark, i) => ({
      value: inputs[i] as Value,
      axis: axisBefore(body.axis, mark),
    })),
  ];
  const stacks = stacked
    .map((_, i) => carries.length + i)
    .filter((i) => isUsed(results[i] as Value));
  const pieces = stacks.map((index) => {
    const { value, axis } = stacked[index - carries.length] as (typeof stacked)[number];
    return stackPiece(value, axis, length);
  });
  const ends = simple.slice(0, next.length);
  checkSizes([...ends, ...pieces]);
  const fused = fuse([...ends, ...pieces], { registry: rules.registry, limits: target.limits });
  const { memoryOf } = fused;
  const unordered = [...fused.steps];
  const after: Value[] = [];
  for (const end of ends) {
    const base = memoryOf(end);
    // Each carry has a place of its own, which a step of the body writes.
    if (base.node.source === undefined && !after.includes(base)) {
      after.push(base);
      continue;
    }
    const { step, copy } = copyStep(base);
    unordered.push(step);
    after.push(copy);
  }
  const ordered = orderSteps(unordered, { inPlace: [], memoryOf });
  const used = new Set<Value>([...after, ...pieces]);
  for (const one of ordered) for (const value of readsOf(one, memoryOf)) used.add(value);
  const steps = ordered.map((one) =>
    lowerStep(one, { rules, target, memoryOf, isUsed: (value) => used.has(value), lowerScan }),
  );
  if (steps.some(({ lists, inPlace }) => lists.length + inPlace.length > 0)) {
    throw new SluiceError("internal", "a scan holds a kernel that changes its input in place.");
  }
  checkLimits(steps, target);
  const leaves = [...inputs, ...after, ...pieces].map((value, index) => ({
    value,
    source: outside(index),
    place: null,
  }));
  const placed = place({ steps, leaves, roots: [], arenas: [], inPlace: [], memoryOf });
  return { steps, placed, inputCount: inputs.length, stacks };
}

function outside(index: number): Source {
  return { kind: "argument", index, staged: false };
}

/** An input of the loop as a leaf of the body. */
function outsideValue({ spec }: Value, index: number): Value {
  const { outputs } = new Node("source", [], { outputs: [spec], source: outside(index) });
  return outputs[0] as Value;
}

/** Where a body's memory is, turn by turn. */
class BodyMemory {
  /** Bytes of what the loop needs beside inputs and outputs: buffers of carries, then the body's slots. */
  readonly scratch: readonly number[];
  readonly #last: number;
  readonly #carries: number;
  /** Buffers of each carry; a loop of one or two turns needs fewer than two. */
  readonly #turns: number;
  readonly #body: PlannedBody;

  constructor({ length, carries }: ScanBody, body: PlannedBody) {
    this.#last = length - 1;
    this.#carries = carries.length;
    this.#turns = Math.min(2, this.#last);
    this.#body = body;
    const { placed, inputCount } = body;
    const buffers = carries.flatMap((_, i) =>
      new Array<number>(this.#turns).fill(placed.leaves[inputCount + i]?.bytes ?? 0),
    );
    this.scratch = [...buffers, ...placed.slots];
  }

  /** Turns of one variant bind the same memory. */
  variantOf(turn: number): string {
    if (turn === 0) return "first";
    return turn === this.#last ? "last" : `${turn % 2}`;
  }

  at(ref: MemoryRef, turn: number): SlotRef {
    if (ref.kind === "table") return table(ref.index);
    const { placed, inputCount, stacks } = this.#body;
    if (ref.kind === "slot") {
      const index = this.#carries * this.#turns + ref.index;
      return { kind: "scratch", index, offset: ref.offset };
    }
    if (placed.leaves[ref.index] === undefined) throw new RangeError("a scan names no such leaf");
    if (ref.index < inputCount) {
      const isCarried = ref.index < this.#carries && turn > 0;
      return isCarried ? this.#carry(ref.index, turn - 1) : input(ref.index);
    }
    const result = ref.index - inputCount;
    if (result >= this.#carries) return output(stacks[result - this.#carries] as number);
    return turn === this.#last ? output(result) : this.#carry(result, turn);
  }

  /** The buffer that holds a carry after `turn`. */
  #carry(index: number, turn: number): SlotRef {
    return scratch(index * this.#turns + (turn % 2));
  }
}

/** The words of one turn; the same object where nothing in them differs. */
function wordsAt(words: Words, time: number): Words {
  if (words.stepped.length === 0) return words;
  const fixed = words.fixed.slice();
  for (const { word, by } of words.stepped) fixed[word] = (fixed[word] ?? 0) + by * time;
  return { ...words, fixed, stepped: [] };
}

/** The words with their scalars as numbers of `into`, to which those are added that it lacks. */
function renumbered(words: Words, own: readonly HostScalar[], into: HostScalar[]): Words {
  const scalars = words.scalars.map(({ word, scalar }) => {
    const host = own[scalar];
    if (!host) throw new SluiceError("internal", "a kernel reads a scalar that its step has not.");
    const known = into.indexOf(host);
    return { word, scalar: known >= 0 ? known : into.push(host) - 1 };
  });
  return { ...words, scalars };
}
