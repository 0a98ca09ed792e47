import { Node, type ScanBody, type Value } from "./node.ts";
import { bodyNodes, newBodyId } from "./scan-body.ts";
import { topologicalOrder } from "./traverse.ts";

/** The nodes that make `ends` out of `starts`, inputs before users. */
export function nodesFrom(starts: readonly Value[], ends: readonly Value[]): Node[] {
  const known = new Set(starts);
  return topologicalOrder(ends, { isLeaf: (value) => known.has(value) });
}

let copies = 0;

/**
 * `ends`, made out of the same `starts` a second time. Every copy has a number of its own, so that the compiler does not
 * take it for what it is a copy of; host numbers, the keys of random operations among them, are the same ones.
 */
export function copyFrom(starts: readonly Value[], ends: readonly Value[]): Value[] {
  const copied = new Map<Value, Value>();
  copies += 1;
  copyNodes(nodesFrom(starts, ends), copied);
  return ends.map((end) => copied.get(end) ?? end);
}

function copyNodes(nodes: readonly Node[], copied: Map<Value, Value>): void {
  const get = (value: Value): Value => copied.get(value) ?? value;
  for (const node of nodes) {
    // Constants cost no memory; marks of a loop, arguments and variables are what they are.
    if (node.inputs.length === 0 && node.scalars.length === 0) continue;
    const { outputs } = new Node(node.op, node.inputs.map(get), {
      ...node,
      outputs: node.outputs.map(({ spec }) => spec),
      body: node.body && copyBody(node.body, get),
      starts: node.starts?.map(get),
      copy: copies,
    });
    node.outputs.forEach((output, i) => {
      copied.set(output, outputs[i] as Value);
    });
  }
}

/** The body over the copies of what it captures; marks stand for themselves. */
function copyBody(body: ScanBody, outside: (value: Value) => Value): ScanBody {
  const captures = body.captures.map(outside);
  if (captures.every((value, i) => value === body.captures[i])) return body;
  const copied = new Map(body.captures.map((value, i) => [value, captures[i] as Value]));
  const get = (value: Value): Value => copied.get(value) ?? value;
  const changed = new Set<Node>();
  const dependents = bodyNodes(body).filter((node) => {
    const depends = node.inputs.some((value) => copied.has(value) || changed.has(value.node));
    if (depends) changed.add(node);
    return depends;
  });
  copyNodes(dependents, copied);
  return {
    ...body,
    id: newBodyId(),
    captures,
    next: body.next.map(get),
    ys: body.ys.map(({ value, axis }) => ({ value: get(value), axis })),
  };
}
