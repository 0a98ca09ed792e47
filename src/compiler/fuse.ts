import type { DeviceLimits } from "../gpu/limits.ts";
import { isFloat } from "../graph/dtype.ts";
import { type Expression, withParts } from "../graph/expression.ts";
import type { Node, Value } from "../graph/node.ts";
import { sizeOf } from "../graph/shape.ts";
import { topologicalOrder } from "../graph/traverse.ts";
import { isDense } from "../graph/view.ts";
import type { Op } from "../ops/op.ts";
import { isConstant } from "../ops/scan.ts";
import { ExpressionBuilder, NeedsMemory } from "./expression-builder.ts";
import { type Fused, readsOf, type Step } from "./steps.ts";

/** A simplified graph cut into steps. */
export interface FusedGraph {
  readonly steps: readonly Step[];
  /** The value whose memory holds a value: itself, or what it is a reshape of. */
  readonly memoryOf: (value: Value) => Value;
}

/**
 * Decides which values lie in memory and which are computed where they are used. In memory are: what is
 * asked for, what kernels read and write, results of reductions, and elementwise values of some cost with
 * several users. Everything between is written into the kernels that use it.
 */
export function fuse(
  roots: readonly Value[],
  { registry, limits }: { registry: ReadonlyMap<string, Op>; limits: DeviceLimits },
): FusedGraph {
  const fuser = new Fuser(registry, limits);
  return fuser.run(roots);
}

class Fuser {
  readonly #registry: ReadonlyMap<string, Op>;
  readonly #limits: DeviceLimits;
  readonly #stored = new Set<Value>();

  constructor(registry: ReadonlyMap<string, Op>, limits: DeviceLimits) {
    this.#registry = registry;
    this.#limits = limits;
  }

  run(roots: readonly Value[]): FusedGraph {
    // A simplified graph has its leaves as sources; what was kept meanwhile does not concern it.
    const nodes = topologicalOrder(roots, { isLeaf: () => false });
    for (const root of roots) this.#stored.add(baseOf(root));
    for (const node of nodes) this.#storeAround(node);
    this.#storeShared(nodes);
    const steps = this.#buildSteps(nodes);
    const memoryOf = (value: Value): Value => (this.#isMemory(value) ? value : baseOf(value));
    const rootSet = new Set(roots.map(baseOf));
    return { steps: this.#absorbEpilogues(steps, rootSet, memoryOf), memoryOf };
  }

  /** Kernels work on memory, on both sides; reductions write to it. */
  #storeAround(node: Node): void {
    const isKernel = this.#isKernel(node);
    if (isKernel) for (const input of memoryInputs(node)) this.#stored.add(baseOf(input));
    if (isKernel || this.#kindOf(node) === "reduce") {
      for (const output of node.outputs) this.#stored.add(output);
    }
  }

  /** Elementwise values with several users, unless computing them again costs no more than a load. */
  #storeShared(nodes: readonly Node[]): void {
    const users = new Map<Value, number>();
    for (const node of [...nodes].reverse()) {
      // A change of view is no user of its own: its users read through it.
      const isMovement = this.#kindOf(node) === "movement";
      const count = isMovement ? (users.get(node.outputs[0] as Value) ?? 1) : 1;
      for (const input of new Set(node.inputs)) users.set(input, (users.get(input) ?? 0) + count);
    }
    for (const node of nodes) {
      if (this.#kindOf(node) !== "elementwise") continue;
      for (const output of node.outputs) {
        if ((users.get(output) ?? 0) > 1 && !this.#isLight(node)) this.#stored.add(output);
      }
    }
  }

  #isLight(node: Node): boolean {
    const lowering = this.#registry.get(node.op)?.lowering;
    if (lowering?.kind !== "elementwise" || (lowering.flops ?? 1) > 1) return false;
    const loaded = node.inputs.filter((input) => !isConstant(baseOf(input)));
    return loaded.length <= 1 && loaded.every((input) => this.#isMemory(baseOf(input)));
  }

  #buildSteps(nodes: readonly Node[]): Step[] {
    // A value that turns out to be needed in memory lies below the one being built, so walk backwards.
    const steps: Step[] = [];
    for (const node of [...nodes].reverse()) {
      const kind = this.#kindOf(node);
      if (node.source) continue;
      if (this.#isKernel(node)) {
        steps.push({ kind: "kernel", results: node.outputs, node, epilogue: null });
      } else if (kind === "reduce") {
        const [x] = node.inputs;
        if (x) {
          const element = this.#express(x, false);
          steps.push({ kind: "reduce", results: node.outputs, node, element, epilogue: null });
        }
      } else {
        const results = node.outputs.filter((output) => this.#stored.has(output));
        for (const value of results) {
          steps.push({ kind: "elementwise", results: [value], fused: this.#express(value, true) });
        }
      }
    }
    return steps.reverse();
  }

  /** The expression of `value`; stores values below it until that succeeds within the limits. */
  #express(value: Value, isRoot: boolean): Fused {
    const most = this.#limits.maxStorageBuffersPerShaderStage - 1;
    for (;;) {
      const context = {
        registry: this.#registry,
        memoryOf: (x: Value) => (this.#isMemory(x) ? x : null),
      };
      const root = isRoot || !this.#isMemory(value);
      const builder = new ExpressionBuilder(context);
      const built = builder.build(value, root);
      if (built instanceof NeedsMemory) this.#stored.add(built.value);
      else if (built.loads.length <= most) return built;
      else this.#stored.add(this.#widestPart(value));
    }
  }

  /** Of the values just below, the one that loads most buffers. */
  #widestPart(value: Value): Value {
    let widest: Value | null = null;
    let most = 0;
    for (const input of value.node.inputs) {
      if (this.#isMemory(input)) continue;
      const context = {
        registry: this.#registry,
        memoryOf: (x: Value) => (this.#isMemory(x) ? x : null),
      };
      const built = new ExpressionBuilder(context).build(input, true);
      const loads = built instanceof NeedsMemory ? Number.POSITIVE_INFINITY : built.loads.length;
      if (loads > most) {
        most = loads;
        widest = input;
      }
    }
    if (!widest) throw new RangeError(`${value.node.op} reads more buffers than a kernel may bind`);
    return widest;
  }

  /**
   * Moves elementwise steps into the kernel or reduction that feeds them, where that has no other reader
   * and both go through the same elements in the same order.
   */
  #absorbEpilogues(
    steps: readonly Step[],
    roots: ReadonlySet<Value>,
    memoryOf: (value: Value) => Value,
  ): Step[] {
    const readers = new Map<Value, number>();
    for (const step of steps) {
      for (const value of readsOf(step, memoryOf)) {
        readers.set(value, (readers.get(value) ?? 0) + 1);
      }
    }
    const makers = new Map<Value, Step>();
    const result = new Set<Step>();
    for (const step of steps) {
      const maker = step.kind === "elementwise" ? this.#makerFor(step, makers) : null;
      const absorbed =
        maker &&
        (readers.get(maker.results[0] as Value) ?? 0) === 1 &&
        !roots.has(maker.results[0] as Value)
          ? this.#absorb(maker, step)
          : null;
      if (maker && absorbed) result.delete(maker);
      const kept = absorbed ?? step;
      result.add(kept);
      for (const value of kept.results) makers.set(value, kept);
    }
    return [...result];
  }

  #makerFor(step: Step, makers: ReadonlyMap<Value, Step>): Step | null {
    if (step.kind !== "elementwise") return null;
    for (const load of step.fused.loads) {
      const maker = makers.get(load);
      if (maker && maker.kind !== "elementwise" && this.#takesEpilogue(maker)) return maker;
    }
    return null;
  }

  #takesEpilogue(step: Step): boolean {
    if (step.kind === "elementwise" || step.epilogue !== null) return false;
    if (step.kind === "reduce") return true;
    const lowering = this.#registry.get(step.node.op)?.lowering;
    return lowering?.kind === "kernel" && lowering.takesEpilogue === true;
  }

  #absorb(maker: Step, user: Step): Step | null {
    const value = maker.results[0];
    const stored = user.results[0];
    if (maker.kind === "elementwise" || user.kind !== "elementwise" || !value || !stored)
      return null;
    // A piece of a stack does not lie where the kernel would store it.
    if (stored.node.op === "stackPiece") return null;
    if (sizeOf(value.shape) !== sizeOf(stored.shape)) return null;
    if (maker.kind === "kernel" && !isFloat(stored.dtype)) return null;
    const epilogue = withHole(user.fused, value);
    // The last dispatch of a long reduction reads partials in place of the elements.
    const read =
      maker.kind === "reduce" ? Math.max(1, maker.element.loads.length) : maker.node.inputs.length;
    const own = read + 1;
    const shared = epilogue ? epilogue.loads.length : 0;
    if (!epilogue || own + shared > this.#limits.maxStorageBuffersPerShaderStage) return null;
    return { ...maker, results: [stored], epilogue };
  }

  /** Works on memory: a kernel of its own, or a loop. */
  #isKernel(node: Node): boolean {
    const kind = this.#kindOf(node);
    return kind === "kernel" || kind === "scan";
  }

  #kindOf(node: Node): string {
    return this.#registry.get(node.op)?.lowering.kind ?? "leaf";
  }

  #isMemory(value: Value): boolean {
    return value.node.source !== undefined || this.#stored.has(value);
  }
}

/** What a chain of reshapes starts from: the same bytes. */
export function baseOf(value: Value): Value {
  let base = value;
  while (base.node.op === "reshape" && base.node.inputs[0]) base = base.node.inputs[0];
  return base;
}

/** What a kernel reads as memory: all its inputs, but a loop has the constants that it captures in its body. */
function memoryInputs({ inputs, body }: Node): readonly Value[] {
  if (!body) return inputs;
  const first = inputs.length - body.captures.length;
  return inputs.filter((value, i) => i < first || !isConstant(value));
}

/** `fused` with loads of `value` replaced by the hole; null when it is read in any other order. */
function withHole(fused: Fused, value: Value): Fused | null {
  const index = fused.loads.indexOf(value);
  const loads = fused.loads.filter((load) => load !== value);
  const made = new Map<Expression, Expression>();
  let fits = true;
  const replace = (expression: Expression): Expression => {
    const known = made.get(expression);
    if (known) return known;
    let result = expression;
    if (expression.kind === "load" && expression.input === index) {
      fits &&= isDense(expression.view) && sizeOf(expression.view.shape) === sizeOf(value.shape);
      result = { kind: "hole", dtype: expression.dtype };
    } else if (expression.kind === "load" && expression.input > index) {
      result = { ...expression, input: expression.input - 1 };
    } else {
      result = withParts(expression, replace);
    }
    made.set(expression, result);
    return result;
  };
  const expression = replace(fused.expression);
  return fits ? { ...fused, expression, loads } : null;
}
