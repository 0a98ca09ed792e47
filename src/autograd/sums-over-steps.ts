import type { Node, ScanBody, Value } from "../graph/node.ts";
import { bodyNodes } from "../graph/scan-body.ts";
import type { Ops, ScanParts } from "../ops/ops.ts";

/** What is known of the reverse loop before it is recorded. */
export interface SumsContext {
  readonly ops: Ops;
  /** Of the loop that is differentiated. */
  readonly body: ScanBody;
  /** What the reverse loop reads piece by piece. */
  readonly sequences: ScanParts["xs"];
  /** What it stacks in any case. */
  readonly stacked: ScanParts["ys"];
}

/** A sum over all steps: of terms that are summed after the loop, and of those that the loop adds up. */
export interface SumOverSteps {
  readonly shape: readonly number[];
  readonly late: readonly ((stacks: readonly Value[]) => Value)[];
  /** Index of its carry; -1: none. */
  readonly carry: number;
}

/**
 * The gradient of what is the same at every step is a sum over the steps. A product aᵀ·b, the gradient of a matrix, is
 * not summed step by step: both factors are stacked, and one product over all steps gives the sum. What is stacked
 * anyway is summed after the loop, too, which is the gradient of a bias. Everything else is added up in a carry.
 */
export class SumsOverSteps {
  readonly carries: { initial: Value; mark: Value; next: Value }[] = [];
  readonly stacked: { value: Value; axis: number }[];
  readonly #context: SumsContext;
  readonly #inBody: ReadonlySet<Node>;

  constructor(context: SumsContext) {
    this.#context = context;
    this.stacked = [...context.stacked];
    this.#inBody = new Set(bodyNodes(context.body));
  }

  /** Plans the sum over all steps of `gradient`, a value of the reverse body. */
  add(gradient: Value): SumOverSteps {
    const { ops } = this.#context;
    const terms = termsOf(gradient);
    const products = terms.map((term) => this.#product(term));
    const late = terms.map((term, i) => products[i] ?? this.#reduction(term));
    const rest = terms.filter((_, i) => late[i] === null);
    const { shape, spec } = gradient;
    const found = late.filter((one) => one !== null);
    if (rest.length === 0) return { shape, late: found, carry: -1 };
    const mark = ops.mark(spec);
    const next = rest.reduce((sum, term) => ops.add(sum, term), mark);
    const carry = this.carries.push({ initial: ops.literal(0, shape, spec.dtype), mark, next }) - 1;
    return { shape, late: found, carry };
  }

  /** From a planned sum to its value, once the loop is recorded. */
  totals(carries: readonly Value[], stacks: readonly Value[]): (sum: SumOverSteps) => Value {
    const { ops } = this.#context;
    return ({ shape, late, carry }) => {
      const terms = late.map((term) => ops.reshape(term(stacks), shape));
      const carried = carries[carry];
      if (carried) terms.push(carried);
      return terms.reduce((sum, term) => ops.add(sum, term));
    };
  }

  /** aᵀ·b over all steps, where both change from step to step. */
  #product({ node }: Value): SumOverSteps["late"][number] | null {
    const [a, b] = node.inputs;
    const { transposeA, transposeB } = node.attributes;
    if (node.op !== "matMul" || !transposeA || transposeB || !a || !b) return null;
    if (a.shape.length !== 2 || b.shape.length !== 2) return null;
    if (!this.#isOfStep(a) || !this.#isOfStep(b)) return null;
    const { ops, body } = this.#context;
    const known = this.#sequenceOf(a)?.axis ?? this.#sequenceOf(b)?.axis;
    const axis = known ?? Math.min(body.axis, 1);
    if (axis > 1) return null;
    const [left, right] = [this.#whole(a, axis), this.#whole(b, axis)];
    const rows = (x: Value): Value => {
      const [first = 1, second = 1, width = 1] = x.shape;
      return ops.reshape(x, [first * second, width]);
    };
    return (stacks) => ops.matMul(rows(left(stacks)), rows(right(stacks)), true, false);
  }

  /** A sum over axes of what is stacked anyway. */
  #reduction({ node }: Value): SumOverSteps["late"][number] | null {
    const [x] = node.inputs;
    if (node.op === "reshape" && x) return this.#reduction(x);
    if (node.op !== "sum" || !x) return null;
    const index = this.stacked.findIndex(({ value }) => value === x);
    const place = this.#sequenceOf(x)?.axis ?? this.stacked[index]?.axis;
    if (place === undefined) return null;
    const axes = node.attributes.axes as readonly number[];
    const shifted = axes.map((axis) => (axis >= place ? axis + 1 : axis));
    const all = [...shifted, place].sort((p, q) => p - q);
    const whole = this.#whole(x, place);
    return (stacks) => this.#context.ops.sum(whole(stacks), all);
  }

  /** All pieces of a value: the sequence whose piece it is, or a stack that the loop gives. */
  #whole(value: Value, axis: number): (stacks: readonly Value[]) => Value {
    const sequence = this.#sequenceOf(value);
    if (sequence?.axis === axis) return () => sequence.whole;
    let index = this.stacked.findIndex((one) => one.value === value && one.axis === axis);
    if (index < 0) index = this.stacked.push({ value, axis }) - 1;
    return (stacks) => stacks[index] as Value;
  }

  #sequenceOf(value: Value): ScanParts["xs"][number] | undefined {
    return this.#context.sequences.find(({ mark }) => mark === value);
  }

  /** Whether a value belongs to the step: a mark, part of the body, or made of the step's gradients. */
  #isOfStep(value: Value): boolean {
    if (this.#sequenceOf(value) || this.#inBody.has(value.node)) return true;
    const { captures } = this.#context.body;
    return (
      !captures.includes(value) && value.node.id > (this.#context.body.carries[0]?.node.id ?? 0)
    );
  }
}

/** The terms of a sum: what is multiplied and reduced stands under additions and reshapes. */
function termsOf(value: Value): Value[] {
  const { op, inputs } = value.node;
  if (op !== "add" || !inputs.every(({ shape }) => shape.join() === value.shape.join())) {
    return [value];
  }
  return inputs.flatMap(termsOf);
}
