import { Embedding } from "../../layers/embedding.ts";
import { type AnyLayer, Layer } from "../../layers/layer.ts";
import { asList, type SymbolicTensor } from "../../layers/symbolic.ts";
import { TokenAndPositionEmbedding } from "../../layers/token-and-position-embedding.ts";
import { Container } from "../container.ts";
import { computedFrom, nodesBetween } from "../graph.ts";

/**
 * The layers that see what enters a model at one of its inputs, in the order in which they run; those of containers in
 * their place. What an encoder sees of the other inputs is not among them.
 * @param input null: the model's only one.
 */
export function stepLayers(model: Container, input: SymbolicTensor | null): AnyLayer[] {
  return layersFrom(model, input === null ? model.inputs : [input]);
}

function layersFrom(container: Container, starts: readonly SymbolicTensor[]): AnyLayer[] {
  const { name, inputs, outputs, layers } = container;
  if (inputs.length === 0) return layers.flatMap((layer) => inside(layer, () => true));
  const nodes = nodesBetween(name, inputs, outputs);
  const seen = computedFrom(starts, nodes);
  const reading = nodes.filter(({ parents }) => parents.some((parent) => seen.has(parent)));
  return reading.flatMap(({ layer, inputs: given }) => {
    const counts = asList(given).map((symbol) => seen.has(symbol));
    return layer instanceof Layer ? inside(layer, (i) => counts[i] === true) : [];
  });
}

/** A layer; of a container those inside that see the inputs that count. */
function inside(layer: AnyLayer, counts: (input: number) => boolean): AnyLayer[] {
  if (!(layer instanceof Container)) return [layer];
  return layersFrom(
    layer,
    layer.inputs.filter((_, i) => counts(i)),
  );
}

/** The number of ids that the first embedding among them knows; null: there is none. */
export function idsBelow(layers: readonly AnyLayer[]): number | null {
  for (const layer of layers) {
    const own = layer instanceof TokenAndPositionEmbedding ? layer.tokenEmbedding : layer;
    if (own instanceof Embedding) return own.inputDim;
  }
  return null;
}
