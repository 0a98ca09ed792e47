import { HostScalar } from "../../src/graph/host-scalar.ts";
import type { Node, ScanBody, Value } from "../../src/graph/node.ts";
import { axisBefore, bodyResults } from "../../src/graph/scan-body.ts";
import { sizeOf } from "../../src/graph/shape.ts";
import { topologicalOrder } from "../../src/graph/traverse.ts";
import { ops, registry } from "../../src/ops/index.ts";
import type { Op } from "../../src/ops/op.ts";
import { directRules } from "./direct-rules.ts";
import { movementRules } from "./movement-rules.ts";
import { reduceRule } from "./reduce-rule.ts";

/** Elements in row-major order, in double precision; bool is 0 or 1. */
export type Elements = Float64Array;

/** One operand of a rule: its elements and what the graph says of it. */
export interface Operand {
  readonly data: Elements;
  readonly shape: readonly number[];
}

/** The elements of a node's outputs from those of its inputs. */
export type Rule = (inputs: readonly Operand[], node: Node) => readonly Elements[];

export interface EvaluateOptions {
  /**
   * Elements of a leaf, instead of those it holds; for leaves that hold none, or to perturb one.
   */
  readonly leaf?: (value: Value) => ArrayLike<number> | undefined;
}

/**
 * Evaluates a graph in double precision, on the host, one node at a time: the oracle that the GPU
 * and the gradients are held against. Nothing here knows of fusion, views, memory or shaders.
 */
export function evaluate(values: readonly Value[], options: EvaluateOptions = {}): Elements[] {
  return new Interpreter(options).evaluate(values);
}

class Interpreter {
  readonly #options: EvaluateOptions;
  readonly #results = new Map<Value, Elements>();
  readonly #scalars: Map<HostScalar, number>;

  constructor(options: EvaluateOptions, scalars = new Map<HostScalar, number>()) {
    this.#options = options;
    this.#scalars = scalars;
  }

  evaluate(values: readonly Value[]): Elements[] {
    for (const value of values) this.#keepLeaf(value);
    for (const node of topologicalOrder(values)) this.#visit(node);
    return values.map((value) => this.#elements(value));
  }

  #visit(node: Node): void {
    for (const value of [...node.outputs, ...node.inputs]) this.#keepLeaf(value);
    if (node.outputs.every((value) => this.#results.has(value))) return;
    const inputs = node.inputs.map((value) => ({
      data: this.#elements(value),
      shape: value.shape,
    }));
    const results = this.#apply(node, inputs);
    node.outputs.forEach((value, i) => {
      const data = results[i];
      if (data?.length !== sizeOf(value.shape)) {
        throw new RangeError(
          `${node.op}: the rule gave ${data?.length} elements for ${value.shape}`,
        );
      }
      this.#results.set(value, data);
    });
  }

  #apply(node: Node, inputs: readonly Operand[]): readonly Elements[] {
    if (node.body) return this.#loop(inputs, node.body);
    const op = registry.get(node.op);
    if (op === undefined) throw new RangeError(`no op is called ${node.op}`);
    if (node.op === "literal") return [filled(node, node.attributes.value as number)];
    if (node.op === "scalar") return [filled(node, this.#readScalar(node, 0))];
    const direct = directRules[node.op] ?? movementRules[node.op];
    if (direct) return direct(inputs, node);
    if (op.lowering.kind === "reduce") return reduceRule(op.lowering.combine, inputs, node);
    if (op.lowering.kind === "elementwise") return [this.#elementwise(op, inputs, node)];
    if (op.reference) return this.evaluate(op.reference(ops, node.inputs, node));
    throw new RangeError(`${node.op} has neither a rule here nor a reference`);
  }

  #elementwise(op: Op, inputs: readonly Operand[], node: Node): Elements {
    const { lowering } = op;
    const [output] = node.outputs;
    if (lowering.kind !== "elementwise" || output === undefined) throw new RangeError(node.op);
    const context = {
      inputs: node.inputs.map((value) => value.dtype),
      output: output.dtype,
      attributes: node.attributes,
    };
    const scalars = node.scalars.map((_, i) => this.#readScalar(node, i));
    return Float64Array.from({ length: sizeOf(output.shape) }, (_, i) => {
      const args = [...inputs.map(({ data }) => data[i] ?? Number.NaN), ...scalars];
      return lowering.host(lowering.usesIndex ? [...args, i] : args, context);
    });
  }

  /** Step after step, each by an interpreter of its own: what a body computes differs from step to step. */
  #loop(inputs: readonly Operand[], body: ScanBody): Elements[] {
    const { carries, xs, captures, next, ys, length, reverse } = body;
    const results = bodyResults(body);
    let state = inputs.slice(0, carries.length).map(({ data }) => data);
    const before = carries.map((value) => ({ value, axis: axisBefore(body.axis, value) }));
    const stacks = [...ys, ...before].map(({ value, axis }) => {
      const inner = sizeOf(value.shape.slice(axis));
      return { inner, data: new Float64Array(sizeOf(value.shape) * length) };
    });
    for (let turn = 0; turn < length; turn++) {
      const t = reverse ? length - 1 - turn : turn;
      const given = new Map<Value, Elements>(carries.map((mark, i) => [mark, at(state, i)]));
      xs.forEach(({ mark, axis }, i) => {
        const { data, shape } = at(inputs, carries.length + i);
        const inner = sizeOf(shape.slice(axis + 1));
        given.set(
          mark,
          data.filter((_, k) => Math.floor(k / inner) % length === t),
        );
      });
      captures.forEach((value, i) => {
        given.set(value, at(inputs, carries.length + xs.length + i).data);
      });
      const leaf = (value: Value): Elements | undefined => given.get(value);
      const found = new Interpreter({ leaf }, this.#scalars).evaluate(results);
      [...found.slice(next.length), ...state].forEach((piece, i) => {
        const { inner, data } = at(stacks, i);
        piece.forEach((x, k) => {
          data[(Math.floor(k / inner) * length + t) * inner + (k % inner)] = x;
        });
      });
      state = found.slice(0, next.length);
    }
    return [...state, ...stacks.map(({ data }) => data)];
  }

  /** A scalar is read once in an evaluation, as in a run. */
  #readScalar(node: Node, index: number): number {
    const scalar = node.scalars[index] ?? HostScalar.of(Number.NaN);
    const value = this.#scalars.get(scalar) ?? scalar.read();
    this.#scalars.set(scalar, value);
    return value;
  }

  #keepLeaf(value: Value): void {
    if (this.#results.has(value)) return;
    const source = value.kept ?? value.node.source;
    const given = this.#options.leaf?.(value);
    if (given) this.#results.set(value, Float64Array.from(given));
    else if (source?.kind === "host") this.#results.set(value, Float64Array.from(source.data));
    else if (source)
      throw new RangeError(`a ${source.kind} leaf needs its elements from the caller`);
  }

  #elements(value: Value): Elements {
    const data = this.#results.get(value);
    if (data === undefined) throw new RangeError(`${value.node.op} was not evaluated`);
    return data;
  }
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new RangeError(`nothing at position ${index}`);
  return item;
}

function filled(node: Node, value: number): Elements {
  return new Float64Array(sizeOf(node.outputs[0]?.shape ?? [])).fill(value);
}
