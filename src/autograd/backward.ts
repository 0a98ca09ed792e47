import { SluiceError } from "../errors.ts";
import { copyFrom, nodesFrom } from "../graph/copy.ts";
import { isFloat } from "../graph/dtype.ts";
import type { Node, Value } from "../graph/node.ts";
import type { Rules } from "./rules.ts";
import { scanGradient } from "./scan-gradient.ts";

/**
 * Reverse-mode differentiation: Σ dys·∂outputs/∂xs for each x, as new nodes of the same graph. The `xs`
 * count as independent of each other, and nothing flows past them. Null where no output depends on an x
 * through floats.
 */
export function backward(
  outputs: readonly Value[],
  dys: readonly (Value | null)[],
  { xs, rules }: { xs: readonly Value[]; rules: Rules },
): (Value | null)[] {
  return differentiateGraph(outputs, dys, { xs, rules, isTotal: false });
}

/**
 * As `backward`, but the `xs` may be made of one another, and what arrives at one flows on: each derivative is the
 * total one, along every way from that x to the outputs, as PyTorch's `retain_grad` gives it.
 */
export function totalGradients(
  outputs: readonly Value[],
  dys: readonly (Value | null)[],
  { xs, rules }: { xs: readonly Value[]; rules: Rules },
): (Value | null)[] {
  return differentiateGraph(outputs, dys, { xs, rules, isTotal: true });
}

function differentiateGraph(
  outputs: readonly Value[],
  dys: readonly (Value | null)[],
  { xs, rules, isTotal }: { xs: readonly Value[]; rules: Rules; isTotal: boolean },
): (Value | null)[] {
  const from = new Set(xs);
  const gradients = new Gradients(rules);
  gradients.flow(outputs, dys, { from, walls: isTotal ? new Set() : from });
  return xs.map((x) => gradients.of(x));
}

interface Bounds {
  /** What is to have a gradient. */
  readonly from: ReadonlySet<Value>;
  /** Values that nothing flows past. */
  readonly walls: ReadonlySet<Value>;
}

/** What has arrived at each value. */
class Gradients {
  readonly #rules: Rules;
  readonly #sums = new Map<Value, Value>();

  constructor(rules: Rules) {
    this.#rules = rules;
  }

  of(value: Value): Value | null {
    return this.#sums.get(value) ?? null;
  }

  flow(outputs: readonly Value[], dys: readonly (Value | null)[], { from, walls }: Bounds): void {
    this.#add(outputs, dys);
    const nodes = nodesBetween(outputs, from, walls);
    const onTheWay = new Set(nodes);
    for (const node of nodes.reverse()) {
      const upstream = node.outputs.map((output) => (walls.has(output) ? null : this.of(output)));
      if (upstream.every((dy) => dy === null)) continue;
      const { starts } = node;
      if (starts === undefined || asksInside(node, starts, from)) {
        this.#add(node.inputs, differentiate(node, upstream, this.#rules));
        continue;
      }
      // The block is computed again, and the gradient flows through the copy: what lay in between need not be kept.
      const wanted = starts.filter((start) => from.has(start) || onTheWay.has(start.node));
      const bounds = { from: new Set(wanted), walls: new Set(starts) };
      this.flow(copyFrom(starts, node.inputs), upstream, bounds);
    }
  }

  #add(values: readonly Value[], dys: readonly (Value | null)[]): void {
    values.forEach((value, i) => {
      if (!dys[i] || !isFloat(value.dtype)) return;
      const dy = this.#rules.ops.cast(dys[i], value.dtype);
      const sofar = this.of(value);
      this.#sums.set(value, sofar === null ? dy : this.#rules.ops.add(sofar, dy));
    });
  }
}

/** Whether a gradient is asked for of a value inside a block; it has none if it flows through a copy. */
function asksInside({ inputs }: Node, starts: readonly Value[], from: ReadonlySet<Value>): boolean {
  return nodesFrom(starts, inputs).some(({ outputs }) => outputs.some((value) => from.has(value)));
}

/** Nodes between `from` and `outputs` that depend on `from`, in recording order; none from behind the walls. */
function nodesBetween(
  outputs: readonly Value[],
  from: ReadonlySet<Value>,
  walls: ReadonlySet<Value>,
): Node[] {
  let oldest = Number.POSITIVE_INFINITY;
  for (const x of from) oldest = Math.min(oldest, x.node.id);
  const seen = new Set<Node>();
  const stack: Node[] = [];
  const visit = (value: Value): void => {
    const node = value.node;
    if (walls.has(value) || node.id < oldest || seen.has(node)) return;
    seen.add(node);
    stack.push(node);
  };
  for (const output of outputs) visit(output);
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    for (const input of node.inputs) visit(input);
  }
  const ordered = [...seen].sort((a, b) => a.id - b.id);
  const dependent = new Set<Node>();
  return ordered.filter((node) => {
    const depends = node.inputs.some((input) => from.has(input) || dependent.has(input.node));
    if (depends) dependent.add(node);
    return depends;
  });
}

function differentiate(
  node: Node,
  dys: readonly (Value | null)[],
  rules: Rules,
): readonly (Value | null)[] {
  if (node.customGradient) {
    const dy = dys[0];
    return dy ? [null, ...node.customGradient(dy)] : [];
  }
  const { body } = node;
  if (body) return scanGradient({ node, body }, dys, { rules, differentiate: backward });
  const op = rules.registry.get(node.op);
  if (op?.gradient) return op.gradient(rules.ops, node, dys);
  if (op?.reference) {
    const values = op.reference(rules.ops, node.inputs, node);
    const gradients = backward(values, dys, { xs: node.inputs, rules });
    // An input that stands twice has its whole gradient in each place: count it once.
    return node.inputs.map((x, i) =>
      node.inputs.indexOf(x) === i ? (gradients[i] ?? null) : null,
    );
  }
  throw new SluiceError("internal", `${node.op} has neither a gradient nor a reference.`);
}
