import type { Node, Value } from "./node.ts";

/** Inputs as the graph stands now: a value that was kept is a leaf and has none. */
export function isLeaf(value: Value): boolean {
  return value.kept !== null || value.node.inputs.length === 0;
}

/**
 * Every node that `roots` depend on, inputs before users, in the order of recording; neither `without`
 * nor what only they depend on. Iterative: graphs of long loops are deeper than the call stack.
 */
export function topologicalOrder(
  roots: readonly Value[],
  without: ReadonlySet<Node> = new Set(),
): Node[] {
  const seen = new Set<Node>();
  const stack: Node[] = [];
  const visit = (value: Value): void => {
    if (value.kept !== null || seen.has(value.node) || without.has(value.node)) return;
    seen.add(value.node);
    stack.push(value.node);
  };
  for (const root of roots) visit(root);
  while (stack.length > 0) {
    const node = stack.pop();
    if (node === undefined) break;
    for (const input of node.inputs) visit(input);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}
