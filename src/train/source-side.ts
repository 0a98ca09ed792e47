import { carriedStates, runWhole } from "../layers/carried-states.ts";
import { maskOf, setMask } from "../layers/masks.ts";
import type { LayerNode, SymbolicTensor } from "../layers/symbolic.ts";
import { Tensor } from "../tensor/index.ts";
import { computedFrom } from "./graph.ts";

/** A graph of layers, its applications in their order. */
interface Graph {
  readonly nodes: readonly LayerNode[];
  readonly outputs: readonly SymbolicTensor[];
}

/** Runs an application of a graph, which `body` does. */
type NodeRunner = (node: LayerNode, body: () => readonly Tensor[]) => readonly Tensor[];

/**
 * How the applications of a graph are run. Where the model runs step by step, those that read none of the steps (an
 * encoder beside its decoder) see their sequence as a whole, and what the others read of them is computed once and kept.
 * @param given What stands for the graph's inputs.
 */
export function nodeRunner(
  label: string,
  { nodes, outputs }: Graph,
  given: ReadonlyMap<SymbolicTensor, Tensor>,
): NodeRunner {
  const carried = carriedStates();
  if (carried === null) return (_, body) => body();
  const steps = [...given].filter(([, tensor]) => carried.isOfSteps(tensor) ?? true);
  const ofSteps = computedFrom(
    steps.map(([symbol]) => symbol),
    nodes,
  );
  const isOfSteps = (node: LayerNode): boolean => node.outputs.some((one) => ofSteps.has(one));
  const isRead = new Set([
    ...nodes.filter(isOfSteps).flatMap(({ parents }) => parents),
    ...outputs,
  ]);
  return (node, body) => {
    if (isOfSteps(node)) return body();
    const results = runWhole(body);
    if (!node.outputs.some((one) => isRead.has(one))) return results;
    const masks = results.map(maskOf);
    const kept = carried.keep(label, [...results, ...masks.filter((mask) => mask !== null)]);
    return withMasks(kept.slice(0, results.length), masks, kept.slice(results.length));
  };
}

/** The kept results as tensors of their own, each with the mask that was kept beside it. */
function withMasks(
  results: readonly Tensor[],
  masks: readonly (Tensor | null)[],
  kept: readonly Tensor[],
): Tensor[] {
  const left = [...kept];
  return results.map((result, i) => {
    const own = Tensor.of(result.value);
    setMask(own, masks[i] === null ? null : (left.shift() ?? null));
    return own;
  });
}
