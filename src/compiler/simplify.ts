import type { Rules } from "../autograd/rules.ts";
import { isFloat } from "../graph/dtype.ts";
import { Node, type Value } from "../graph/node.ts";
import { shapesEqual } from "../graph/shape.ts";
import { topologicalOrder } from "../graph/traverse.ts";
import { attributesText } from "./canonical.ts";

/** What a leaf of the graph is in the plan; undefined for what is computed. */
export type LeafOf = (value: Value) => Value | undefined;

/**
 * Rewrites a graph into an equal, smaller one: composite ops by their reference, equal subexpressions
 * once, arithmetic on constants done now, movement that moves nothing removed, transposed operands of a
 * matMul turned into its flags, reductions over scattered axes into a chain over neighbouring ones.
 */
export class Simplifier {
  readonly #rules: Rules;
  readonly #leaf: LeafOf;
  readonly #mapped = new Map<Value, Value>();
  readonly #known = new Map<string, Node>();
  readonly #done = new Set<Node>();

  constructor(leaf: LeafOf, rules: Rules) {
    this.#leaf = leaf;
    this.#rules = rules;
  }

  /** The simplified values of `roots`; call once for each group of roots of one graph. */
  simplify(roots: readonly Value[]): Value[] {
    return this.#simplify(roots, 0);
  }

  /** @param copy that what stands in place of a node belongs to, as the node did. */
  #simplify(roots: readonly Value[], copy: number): Value[] {
    const isLeaf = (value: Value): boolean => this.#leaf(value) !== undefined;
    for (const node of topologicalOrder(roots, { isLeaf, without: this.#done })) {
      this.#visit(node, node.copy || copy);
      this.#done.add(node);
    }
    return roots.map((root) => this.#get(root));
  }

  #get(value: Value): Value {
    return this.#leaf(value) ?? this.#mapped.get(value) ?? value;
  }

  #visit(node: Node, copy: number): void {
    if (node.source) return;
    const inputs = node.inputs.map((input) => this.#get(input));
    const op = this.#rules.registry.get(node.op);
    if (op?.lowering.kind === "expand" && op.reference) {
      const { ops } = this.#rules;
      const replacement = op
        .reference(ops, inputs, node)
        .map((value, i) => ops.cast(value, node.outputs[i]?.dtype ?? value.dtype));
      this.#map(node, this.#simplify(replacement, copy));
      return;
    }
    const rewritten = this.#rewrite(node, inputs);
    if (rewritten) {
      this.#map(node, this.#simplify([rewritten], copy));
      return;
    }
    const key = `${copy}:${nodeKey(node, inputs)}`;
    const known = this.#known.get(key);
    if (known) {
      this.#map(node, known.outputs);
      return;
    }
    const isSame = inputs.every((input, i) => input === node.inputs[i]);
    // New nodes run after all that stay as they are: what is computed again has to wait for its turn.
    const result = isSame && copy === 0 ? node : copyWith(node, inputs);
    this.#known.set(key, result);
    this.#done.add(result);
    this.#map(node, result.outputs);
  }

  #map(node: Node, values: readonly Value[]): void {
    node.outputs.forEach((output, i) => {
      const value = values[i];
      if (value) this.#mapped.set(output, value);
    });
  }

  /** An equal value that costs less, or null. */
  #rewrite(node: Node, inputs: readonly Value[]): Value | null {
    const [first, second] = inputs;
    if (!first) return null;
    const op = this.#rules.registry.get(node.op);
    if (op?.lowering.kind === "movement") return this.#rewriteMovement(node, first);
    if (op?.lowering.kind === "elementwise") return this.#rewriteElementwise(node, inputs);
    if (op?.lowering.kind === "reduce") return this.#rewriteReduce(node, first);
    if (node.op === "matMul" && second) return this.#rewriteMatMul(node, first, second);
    return null;
  }

  #rewriteMovement(node: Node, x: Value): Value | null {
    const shape = node.outputs[0]?.shape ?? [];
    const { ops } = this.#rules;
    if (x.node.op === "literal" && node.op !== "pad") {
      return ops.literal(x.node.attributes.value as number, shape, x.dtype).node.outputs[0] ?? null;
    }
    if (node.op === "reshape") {
      if (shapesEqual(shape, x.shape)) return x;
      const inner = x.node.inputs[0];
      if (x.node.op === "reshape" && inner) return ops.reshape(inner, shape);
    }
    if (node.op === "customGrad") return x;
    if (node.op === "broadcastTo" && shapesEqual(shape, x.shape)) return x;
    if (node.op === "transpose") {
      const permutation = node.attributes.permutation as readonly number[];
      if (permutation.every((axis, i) => axis === i)) return x;
    }
    return null;
  }

  #rewriteElementwise(node: Node, inputs: readonly Value[]): Value | null {
    const { ops, registry } = this.#rules;
    const lowering = registry.get(node.op)?.lowering;
    const result = node.outputs[0];
    if (lowering?.kind !== "elementwise" || !result) return null;
    const literals = inputs.map((input) =>
      input.node.op === "literal" ? (input.node.attributes.value as number) : null,
    );
    const isKnown = literals.every((value) => value !== null);
    if (isKnown && inputs.length > 0 && node.scalars.length === 0 && !lowering.usesIndex) {
      const value = lowering.host(literals as number[], {
        inputs: inputs.map((input) => input.dtype),
        output: result.dtype,
        attributes: node.attributes,
      });
      // Rounded at once: what overflows float32 is infinite for whoever reads it, and int32 has no NaN.
      const held = isFloat(result.dtype) ? Math.fround(value) : value | 0;
      return ops.literal(held, result.shape, result.dtype);
    }
    const [a, b] = inputs;
    if (!a || a.dtype !== result.dtype) return null;
    if (node.op === "cast") return a;
    if (!b || b.dtype !== result.dtype) return null;
    const [x, y] = literals;
    if (node.op === "mul") return y === 1 ? a : x === 1 ? b : null;
    if (node.op === "div" && y === 1 && isFloat(result.dtype)) return a;
    if (node.op === "sub" && y === 0) return a;
    // -0 + 0 is 0 and not -0: a gradient cannot tell, and nothing else adds a literal zero.
    if (node.op === "add") return y === 0 ? a : x === 0 ? b : null;
    return null;
  }

  /** Splits a reduction over axes that are not neighbours; drops one over no axes. */
  #rewriteReduce(node: Node, x: Value): Value | null {
    const axes = node.attributes.axes as readonly number[];
    const result = node.outputs[0];
    if (!result || node.op.startsWith("arg")) return null;
    if (axes.length === 0) return this.#rules.ops.reshape(x, result.shape);
    const gap = axes.findIndex((axis, i) => i > 0 && axis !== (axes[i - 1] ?? 0) + 1);
    if (gap < 0) return null;
    const inner = this.#reduceOver(node, x, axes.slice(gap));
    const outer = this.#reduceOver(node, inner, axes.slice(0, gap));
    return this.#rules.ops.reshape(outer, result.shape);
  }

  #reduceOver(node: Node, x: Value, axes: readonly number[]): Value {
    const shape = x.shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
    const made = new Node(node.op, [x], {
      attributes: { ...node.attributes, axes, keepDims: true },
      outputs: [{ shape, dtype: node.outputs[0]?.dtype ?? x.dtype }],
      scope: node.scope,
    });
    return made.outputs[0] as Value;
  }

  #rewriteMatMul(node: Node, a: Value, b: Value): Value | null {
    const flags = node.attributes as { transposeA: boolean; transposeB: boolean };
    const plainA = swappedMatrix(a);
    const plainB = swappedMatrix(b);
    if (!plainA && !plainB) return null;
    return this.#rules.ops.matMul(
      plainA ?? a,
      plainB ?? b,
      plainA ? !flags.transposeA : flags.transposeA,
      plainB ? !flags.transposeB : flags.transposeB,
    );
  }
}

/** What a value is the transpose of, when only its last two axes are swapped. */
function swappedMatrix(value: Value): Value | null {
  if (value.node.op !== "transpose") return null;
  const permutation = value.node.attributes.permutation as readonly number[];
  const rank = permutation.length;
  const swaps = permutation.every((axis, i) => {
    if (i === rank - 1) return axis === rank - 2;
    if (i === rank - 2) return axis === rank - 1;
    return axis === i;
  });
  return swaps && rank >= 2 ? (value.node.inputs[0] ?? null) : null;
}

function copyWith(node: Node, inputs: readonly Value[]): Node {
  return new Node(node.op, inputs, {
    attributes: node.attributes,
    outputs: node.outputs.map((output) => output.spec),
    scalars: node.scalars,
    scope: node.scope,
    body: node.body,
  });
}

/** Equal keys compute equal values: random ops differ by their key scalar. What is computed again is kept apart. */
function nodeKey(node: Node, inputs: readonly Value[]): string {
  const from = inputs.map((input) => `${input.node.id}.${input.index}`).join();
  const scalars = node.scalars.map((scalar) => scalar.id).join();
  const specs = node.outputs.map((output) => `${output.dtype}${output.shape.join()}`).join(";");
  const body = node.body ? `{${node.body.id}}` : "";
  return `${node.op}(${from})${attributesText(node)}[${scalars}]${body}${specs}`;
}
