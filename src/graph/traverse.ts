import type { Node, Value } from "./node.ts";

/** Where a walk stops. */
export interface WalkOptions {
  /** Values that count as inputs: their makers are not visited. Default: those that were kept. */
  readonly isLeaf?: (value: Value) => boolean;
  /** Nodes that are left out, with what only they depend on. */
  readonly without?: ReadonlySet<Node>;
}

/**
 * Every node that `roots` depend on, inputs before users, in the order of recording. Iterative: graphs of
 * long loops are deeper than the call stack.
 */
export function topologicalOrder(roots: readonly Value[], options: WalkOptions = {}): Node[] {
  const isLeaf = options.isLeaf ?? ((value: Value): boolean => value.kept !== null);
  const seen = new Set<Node>();
  const stack: Node[] = [];
  const visit = (value: Value): void => {
    const { node } = value;
    if (seen.has(node) || options.without?.has(node) || isLeaf(value)) return;
    seen.add(node);
    stack.push(node);
  };
  for (const root of roots) visit(root);
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    for (const input of node.inputs) visit(input);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}
