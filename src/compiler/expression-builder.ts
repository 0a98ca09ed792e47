import type { Expression } from "../graph/expression.ts";
import type { HostScalar } from "../graph/host-scalar.ts";
import type { Node, Value } from "../graph/node.ts";
import { denseView, type View } from "../graph/view.ts";
import type { Op } from "../ops/op.ts";

/** Movement nodes between the kernel's output and a value below it, innermost first. */
interface Path {
  readonly node: Node;
  readonly outer: Path | null;
  readonly next: Map<Node, Path>;
}

/** Deeper expressions are cut by storing a value: text size and recursion stay bounded. */
const MAX_DEPTH = 96;

/** What an expression needs at run time, in the order of its indices. */
export interface BuiltExpression {
  readonly expression: Expression;
  readonly loads: readonly Value[];
  readonly scalars: readonly HostScalar[];
  readonly flops: number;
}

/** Says that `value` has to lie in memory before the expression can be written. */
export class NeedsMemory {
  readonly value: Value;
  constructor(value: Value) {
    this.value = value;
  }
}

export interface BuilderContext {
  readonly registry: ReadonlyMap<string, Op>;
  /** The value whose memory holds this one, or null when it is computed in place. */
  readonly memoryOf: (value: Value) => Value | null;
}

/** Turns a value into one expression over the values that lie in memory. */
export class ExpressionBuilder {
  readonly #context: BuilderContext;
  readonly #loads: Value[] = [];
  readonly #scalars: HostScalar[] = [];
  readonly #made = new Map<Value, Map<Path | null, Expression>>();
  readonly #roots = new Map<Node, Path>();
  #flops = 0;

  constructor(context: BuilderContext) {
    this.#context = context;
  }

  /**
   * The expression of `root`, or the value that has to be stored first. With `computeRoot` the root is
   * computed even if it counts as memory: it is the very value that the kernel stores.
   */
  build(root: Value, computeRoot: boolean): BuiltExpression | NeedsMemory {
    try {
      const expression = this.#express(root, null, { depth: 0, isRoot: computeRoot });
      return { expression, loads: this.#loads, scalars: this.#scalars, flops: this.#flops };
    } catch (error) {
      if (error instanceof NeedsMemory) return error;
      throw error;
    }
  }

  #express(value: Value, path: Path | null, at: { depth: number; isRoot: boolean }): Expression {
    const known = this.#made.get(value)?.get(path);
    if (known) return known;
    const memory = at.isRoot ? null : this.#context.memoryOf(value);
    const made = memory
      ? this.#load(value, memory, path)
      : this.#compute(value, path, at.depth + 1);
    const byPath = this.#made.get(value) ?? new Map<Path | null, Expression>();
    byPath.set(path, made);
    this.#made.set(value, byPath);
    return made;
  }

  #load(value: Value, memory: Value, path: Path | null): Expression {
    let input = this.#loads.indexOf(memory);
    if (input < 0) input = this.#loads.push(memory) - 1;
    return { kind: "load", input, view: this.#view(value, path), dtype: value.dtype };
  }

  #compute(value: Value, path: Path | null, depth: number): Expression {
    const { node, dtype } = value;
    if (depth > MAX_DEPTH) throw new NeedsMemory(value);
    const lowering = this.#context.registry.get(node.op)?.lowering;
    if (lowering?.kind === "movement") {
      const [source] = node.inputs;
      if (source) return this.#move(source, this.#extend(path, node), depth);
    }
    if (node.op === "literal") {
      return { kind: "literal", value: node.attributes.value as number, dtype };
    }
    if (node.op === "scalar") return this.#scalar(node, 0, dtype);
    if (lowering?.kind !== "elementwise") throw new NeedsMemory(value);
    const args: Expression[] = node.inputs.map((x) =>
      this.#express(x, path, { depth, isRoot: false }),
    );
    const scalars = node.scalars.map((scalar, i) => this.#scalar(node, i, scalar.dtype));
    args.push(...scalars);
    if (lowering.usesIndex) {
      args.push({ kind: "index", view: this.#view(value, path), dtype: "int32" });
    }
    this.#flops += lowering.flops ?? 1;
    const context = {
      inputs: node.inputs.map((x) => x.dtype),
      output: dtype,
      attributes: node.attributes,
    };
    const write = (texts: readonly string[]): string => lowering.write(texts, context);
    return { kind: "apply", write, args, dtype, libs: lowering.libs ?? [] };
  }

  /** Only a load gives zeros outside the bounds of its view: pad(exp(x)) is not exp(pad(x)). */
  #move(source: Value, path: Path, depth: number): Expression {
    const moved = this.#express(source, path, { depth, isRoot: false });
    if (path.node.op !== "pad" || moved.kind === "load") return moved;
    const view = this.#view(source, path);
    return view.bounds ? { kind: "masked", view, of: moved, dtype: moved.dtype } : moved;
  }

  #scalar(node: Node, index: number, dtype: Value["dtype"]): Expression {
    const scalar = node.scalars[index];
    if (!scalar) throw new RangeError(`${node.op} has no scalar ${index}`);
    let number = this.#scalars.indexOf(scalar);
    if (number < 0) number = this.#scalars.push(scalar) - 1;
    return { kind: "scalar", scalar: number, dtype };
  }

  /** One object for one path, so that shared branches are found again. */
  #extend(path: Path | null, node: Node): Path {
    const table = path ? path.next : this.#roots;
    let extended = table.get(node);
    if (!extended) {
      extended = { node, outer: path, next: new Map() };
      table.set(node, extended);
    }
    return extended;
  }

  /** How the kernel's coordinates read `value`: its own dense layout, moved outwards along the path. */
  #view(value: Value, path: Path | null): View {
    let view = denseView(value.shape);
    for (let step = path; step; step = step.outer) {
      const lowering = this.#context.registry.get(step.node.op)?.lowering;
      const moved = lowering?.kind === "movement" ? lowering.view(view, step.node) : null;
      if (!moved) throw new NeedsMemory(step.node.inputs[0] as Value);
      view = moved;
    }
    return view;
  }
}
