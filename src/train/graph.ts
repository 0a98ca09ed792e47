import { ArgumentError } from "../errors.ts";
import type { LayerNode, SymbolicTensor } from "../layers/symbolic.ts";

/**
 * The applications of layers that lead from `inputs` to `outputs`, each after those whose results it reads.
 * @throws {ArgumentError} when an output depends on an input that is not among `inputs`.
 */
export function nodesBetween(
  label: string,
  inputs: readonly SymbolicTensor[],
  outputs: readonly SymbolicTensor[],
): LayerNode[] {
  const ordered: LayerNode[] = [];
  const done = new Set<LayerNode>();
  const given = new Set(inputs);
  const stack = outputs.map((symbol) => ({ symbol, areParentsDone: false })).reverse();
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const { symbol, areParentsDone } = top;
    const { node } = symbol;
    if (given.has(symbol) || (node !== null && done.has(node))) continue;
    if (node === null) {
      throw new ArgumentError(
        `${label}: the outputs depend on the input "${symbol.name}", which is not among the inputs ` +
          `(${inputs.map((one) => one.name).join(", ")}). Add it to them.`,
      );
    }
    if (areParentsDone) {
      done.add(node);
      ordered.push(node);
      continue;
    }
    stack.push({ symbol, areParentsDone: true });
    for (const parent of [...node.parents].reverse()) {
      stack.push({ symbol: parent, areParentsDone: false });
    }
  }
  return ordered;
}

/** `starts`, and all that the applications, which stand in their order, compute from them. */
export function computedFrom(
  starts: Iterable<SymbolicTensor>,
  nodes: readonly LayerNode[],
): ReadonlySet<SymbolicTensor> {
  const found = new Set(starts);
  for (const { parents, outputs } of nodes) {
    if (parents.some((parent) => found.has(parent))) for (const one of outputs) found.add(one);
  }
  return found;
}
