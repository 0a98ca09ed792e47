import { ArgumentError, ShapeError } from "../../errors.ts";
import { formatShape } from "../../graph/shape.ts";
import { Activation } from "../../layers/activation-layer.ts";
import { Dense } from "../../layers/dense.ts";
import type { AnyLayer } from "../../layers/layer.ts";
import type { LayerShape } from "../../layers/layer-shape.ts";
import { TimeDistributed } from "../../layers/time-distributed.ts";
import { cast, log, oneHot, reshape, slice, Tensor } from "../../tensor/index.ts";
import { Container } from "../container.ts";
import type { Model } from "../model.ts";
import { idsBelow, stepLayers } from "./step-layers.ts";

/** How ids go into a model, and logits come out. */
export interface TokenPorts {
  /** Ids that the model takes are below it; null: not known. */
  readonly size: number | null;
  /** Shape of the input that takes the tokens, batch first; null: not known. */
  readonly shape: LayerShape | null;
  /** The layers that see the tokens, in the order in which they run. */
  readonly layers: readonly AnyLayer[];
  /** The next token's logits [B, V] of a model that is shown ids [B, T] beside its other inputs, [B, …] each. */
  readonly logits: (ids: Tensor, others: readonly Tensor[]) => Tensor;
}

/**
 * @param input Which of the model's inputs takes the tokens.
 * @param fromLogits null: what the last layer tells.
 * @throws {ArgumentError} for a model with several outputs.
 */
export function tokenPorts(
  label: string,
  model: Model,
  { input, fromLogits }: { readonly input: number; readonly fromLogits: boolean | null },
): TokenPorts {
  checkSingle(label, model);
  const symbol = model.inputs[input] ?? null;
  const shape = symbol?.shape ?? null;
  // [B, T, V]: the model takes one-hot rows in place of ids.
  const width = shape?.length === 3 ? (shape[2] ?? null) : null;
  const layers = stepLayers(model, symbol);
  const size = width ?? idsBelow(layers);
  const units = model.outputs[0]?.shape.at(-1) ?? null;
  if (size !== null && units !== null && units > size) {
    throw new ArgumentError(
      `${label}: ${model.name} gives ${units} logits and takes ids below ${size}. Expected as many at most: a token that ` +
        "it gives is its next input.",
      { details: { outputs: units, inputs: size } },
    );
  }
  const isLogits = fromLogits ?? !givesProbabilities(model);
  const logits = (ids: Tensor, others: readonly Tensor[]): Tensor => {
    const shown = width === null ? ids : oneHot(ids, width);
    const all = others.length === 0 ? shown : others.toSpliced(input, 0, shown);
    // Models may give halves; tokens are drawn from float32.
    const given = cast(
      lastStep(label, model, { given: model.apply(all, { training: false }), ids }),
      "float32",
    );
    return isLogits ? given : log(given);
  };
  return { size, shape, layers, logits };
}

function checkSingle(label: string, model: Model): void {
  const outputs = model.outputs.length;
  if (outputs <= 1) return;
  throw new ArgumentError(
    `${label}: ${model.name} has ${outputs} outputs. Expected one: the logits of the next token.`,
  );
}

/** [B, V] of [B, V], or of the last step of [B, T, V]. */
function lastStep(
  label: string,
  model: Model,
  { given, ids }: { readonly given: Tensor | readonly Tensor[]; readonly ids: Tensor },
): Tensor {
  const only = given instanceof Tensor ? given : given[0];
  if (only?.rank === 2) return only;
  if (only?.rank === 3) {
    const [batch = 1, time = 1, units = 1] = only.shape;
    const [, shown = 1] = ids.shape;
    if (time > shown) {
      throw new ShapeError(
        `${label}: ${model.name} gives ${time} steps for ${shown} of tokens. Expected no more: an input beside the tokens ` +
          "that has a step for each of them is not known beforehand; one that is the same for all has one step, [B, 1, D].",
        { details: { received: time, expected: shown } },
      );
    }
    return reshape(slice(only, [0, time - 1, 0], [batch, 1, units]), [batch, units]);
  }
  throw new ShapeError(
    `${label}: ${model.name} gives shape ${formatShape(only?.shape ?? [])}. Expected logits of the next token, [B, V], or ` +
      "of every step's next token, [B, T, V].",
    { details: { received: only?.shape } },
  );
}

/** Whether the last layer makes probabilities. */
function givesProbabilities(layer: AnyLayer): boolean {
  if (layer instanceof Dense || layer instanceof Activation) return layer.endsInSoftmax;
  if (layer instanceof TimeDistributed) return givesProbabilities(layer.layer);
  if (!(layer instanceof Container)) return false;
  const producer = layer.outputs[0]?.node?.layer ?? layer.layers.at(-1);
  const last = layer.layers.find((one) => one === producer);
  return last !== undefined && givesProbabilities(last);
}
