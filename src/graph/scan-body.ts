import type { Node, ScanBody, Value } from "./node.ts";
import { topologicalOrder } from "./traverse.ts";

let nextId = 1;

/** No other body has this id: it stands for the body in the keys of nodes. */
export function newBodyId(): number {
  return nextId++;
}

/** What the body's graph ends in. */
export function bodyResults({ next, ys }: ScanBody): Value[] {
  return [...next, ...ys.map(({ value }) => value)];
}

/** What stands for the node's inputs in the body, in their order. */
export function bodyParameters({ carries, xs, captures }: ScanBody): Value[] {
  return [...carries, ...xs.map(({ mark }) => mark), ...captures];
}

/** The axis along which a carry is stacked as it was before every step. */
export function axisBefore(axis: number, carry: Value): number {
  return Math.min(axis, carry.shape.length);
}

/** The nodes of a body, inputs before users. */
export function bodyNodes(body: ScanBody): Node[] {
  const parameters = new Set(bodyParameters(body));
  return topologicalOrder(bodyResults(body), { isLeaf: (value) => parameters.has(value) });
}
