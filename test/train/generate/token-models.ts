import { layers } from "../../../src/layers/index.ts";
import { type Tensor, tensor } from "../../../src/tensor/index.ts";
import { type Model, sequential } from "../../../src/train/index.ts";
import { kept, noise } from "../support.ts";

/** Tokens that the models of these tests know. */
export const V = 11;
const { dense, embedding, gru, lstm, simpleRNN, stackedRNN } = layers;

/** Weights large enough for tokens to depend on all before, and biases that do not drown them. */
export function withWeights<M extends Model>(made: M): M {
  made.setWeights(
    made.weights.map(({ shape, size }, i) => {
      const scale = shape.length === 1 ? 0.3 : 1.7;
      return tensor(
        noise(size, i + 1).map((x) => scale * x),
        shape,
      );
    }),
  );
  return kept(made);
}

/** The same for Transformers: those of normalizations stay near 1. */
export function withTransformerWeights<M extends Model>(made: M, scale: number, seed: number): M {
  made.setWeights(
    made.weights.map(({ shape, size, name }, i) => {
      const isGamma = shape.length === 1 && name.includes("gamma");
      const factor = shape.length > 1 ? scale : 0.2;
      return tensor(
        noise(size, i + seed).map((x) => factor * x + (isGamma ? 1 : 0)),
        shape,
      );
    }),
  );
  return kept(made);
}

/** The first layer of most of them. */
export const start = () => embedding({ inputDim: V, outputDim: 5, inputShape: [null] });

/** Recurrent models that give logits of the next token. */
export const models: Readonly<Record<string, () => Model>> = {
  "a simpleRNN": () =>
    sequential({
      layers: [start(), simpleRNN({ units: 6, returnSequences: true }), dense({ units: V })],
    }),
  "an LSTM": () =>
    sequential({
      layers: [start(), lstm({ units: 6, returnSequences: true }), dense({ units: V })],
    }),
  "a GRU that gives the last step": () =>
    sequential({ layers: [start(), gru({ units: 6 }), dense({ units: V })] }),
  "two layers": () =>
    sequential({
      layers: [
        start(),
        lstm({ units: 5, returnSequences: true }),
        gru({ units: 6, returnSequences: true }),
        dense({ units: V }),
      ],
    }),
  "a stack": () =>
    sequential({
      layers: [
        start(),
        stackedRNN({ layer: lstm({ units: 5, returnSequences: true }), numLayers: 2 }),
        dense({ units: V }),
      ],
    }),
  "one-hot rows": () =>
    sequential({
      layers: [
        lstm({ units: 6, returnSequences: true, inputShape: [null, V] }),
        dense({ units: V }),
      ],
    }),
};

export const make = (name: string): Model => withWeights(models[name]?.() as Model);
export const gruNet = (): Model => make("a GRU that gives the last step");

/** What an iterator gives. */
export async function all<T>(given: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const one of given) list.push(one);
  return list;
}

/** Greedy tokens by `predict` on ever longer sequences (or on the last `window` ids). */
export async function naive(model: Model, prompt: number[], count: number, window = Infinity) {
  const ids = [...prompt];
  for (let s = 0; s < count; s++) {
    const shown = window === Infinity ? ids : ids.slice(-window);
    const isOneHot = model.inputs[0]?.shape.length === 3;
    const hot = shown.map((id) => Array.from({ length: V }, (_, i) => (i === id ? 1 : 0)));
    const x = isOneHot ? tensor([hot]) : tensor([shown], [1, shown.length], "int32");
    const logits = [...(await (model.predict(x) as Tensor).data())].slice(-V);
    ids.push(logits.indexOf(Math.max(...logits)));
  }
  return ids.slice(prompt.length);
}
