import { type Attributes, Node, type NodeExtras, type Value } from "../graph/node.ts";
import type { Op } from "./op.ts";

const path: string[] = [];

/** Runs `body`; nodes recorded inside carry `name` in their scope path. */
export function withName<T>(name: string, body: () => T): T {
  path.push(name);
  try {
    return body();
  } finally {
    path.pop();
  }
}

/** The names around what is recorded now, as nodes carry them. */
export function recordedPath(): string {
  return path.join("/");
}

/** Records one operation: checks by the op's own shape rule, then makes the node. */
export function record(
  op: Op,
  inputs: readonly Value[],
  attributes: Attributes = {},
  extras: NodeExtras = {},
): Node {
  const outputs = op.infer(
    inputs.map((value) => value.spec),
    attributes,
  );
  return new Node(op.name, inputs, { attributes, outputs, scope: recordedPath(), ...extras });
}

/** The only output of `record`. */
export function recordOne(
  op: Op,
  inputs: readonly Value[],
  attributes: Attributes = {},
  extras: NodeExtras = {},
): Value {
  return firstOutput(record(op, inputs, attributes, extras));
}

/** Output 0; every op has one. */
export function firstOutput(node: Node): Value {
  return outputOf(node, 0);
}

/** Output `index` of a node that is known to have it. */
export function outputOf(node: Node, index: number): Value {
  const value = node.outputs[index];
  if (value === undefined) throw new RangeError(`${node.op} has no output ${index}`);
  return value;
}
