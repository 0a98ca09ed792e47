import { layers } from "../../../src/layers/index.ts";
import type { SymbolicTensor } from "../../../src/layers/symbolic.ts";
import { type Tensor, tensor } from "../../../src/tensor/index.ts";
import { input, type Model, model } from "../../../src/train/index.ts";
import { withTransformerWeights } from "./token-models.ts";

/** Tokens, features, steps of a source, positions. */
export const [V, D, S, CONTEXT] = [11, 8, 6, 24];
const { dense, embedding, tokenAndPositionEmbedding, transformerDecoder, transformerEncoder } =
  layers;

/** The source and all tokens before count for the next one. */
export const withWeights = <M extends Model>(made: M): M => withTransformerWeights(made, 1.5, 11);

export const ids = () => input({ shape: [null], dtype: "int32" });
export const placed = (config = {}) =>
  tokenAndPositionEmbedding({
    ...{ vocabularySize: V, sequenceLength: CONTEXT, embeddingDim: D },
    ...config,
  });
export const block = { intermediateDim: 12, numHeads: 2 };
export const logits = (x: SymbolicTensor) => dense({ units: V }).apply(x) as SymbolicTensor;

/** Models of a source [B, S] and of tokens [B, T]. */
export const models: Readonly<Record<string, () => Model>> = {
  transformers: () => {
    const [source, target] = [ids(), ids()];
    // The encoder has fewer positions than the decoder: they are no limit of what is generated.
    const encoded = transformerEncoder(block).apply(placed({ sequenceLength: S }).apply(source));
    const decoded = transformerDecoder(block).apply([placed().apply(target), encoded]);
    const again = transformerDecoder(block).apply([decoded, encoded]);
    return model({ inputs: [source, target], outputs: logits(again) });
  },
  "transformers with padding in the source and one embedding": () => {
    const [source, target] = [ids(), ids()];
    const shared = placed({ maskZero: true });
    const encoded = transformerEncoder(block).apply(shared.apply(source));
    const decoded = transformerDecoder(block).apply([shared.apply(target), encoded]);
    return model({ inputs: [source, target], outputs: logits(decoded) });
  },
  "an encoder and a decoder that are models": () => {
    const [x, target, memory] = [ids(), ids(), input({ shape: [null, D] })];
    const encoder = model({
      inputs: x,
      outputs: transformerEncoder(block).apply(placed().apply(x)),
    });
    // What the decoder makes of the encoder's output is not of the steps, either.
    const seen = layers.sinePositionEncoding().apply(dense({ units: D }).apply(memory));
    const both = layers.add().apply([memory, seen]);
    const decoder = model({
      inputs: [memory, target],
      outputs: logits(transformerDecoder(block).apply([placed().apply(target), both])),
    });
    const [source, tokens] = [ids(), ids()];
    const encoded = encoder.apply(source) as SymbolicTensor;
    return model({ inputs: [source, tokens], outputs: decoder.apply([encoded, tokens]) });
  },
  "LSTMs that hand over their states": () => {
    const [source, target] = [ids(), ids()];
    const embed = () => embedding({ inputDim: V, outputDim: D });
    const encoder = layers.lstm({ units: 7, returnState: true });
    const [, h, c] = encoder.apply(embed().apply(source)) as unknown as SymbolicTensor[];
    const decoder = layers.lstm({ units: 7, returnSequences: true });
    const y = decoder.apply(embed().apply(target), {
      initialState: [h as SymbolicTensor, c as SymbolicTensor],
    });
    return model({ inputs: [source, target], outputs: logits(y) });
  },
  "a bidirectional encoder and a GRU with attention": () => {
    const [source, target] = [ids(), ids()];
    const embed = () => embedding({ inputDim: V, outputDim: D });
    const encoder = layers.bidirectional({
      layer: layers.gru({ units: 4, returnSequences: true }),
    });
    const encoded = encoder.apply(embed().apply(source)) as SymbolicTensor;
    const y = layers.gru({ units: 8, returnSequences: true }).apply(embed().apply(target));
    const found = [layers.attention(), layers.additiveAttention()].map((one) =>
      one.apply([y, encoded]),
    );
    return model({
      inputs: [source, target],
      outputs: logits(layers.concatenate().apply([y, ...found])),
    });
  },
  "a vector that is added to every step": () => {
    const [source, target] = [ids(), ids()];
    const mean = layers.globalAveragePooling1d().apply(placed().apply(source));
    const row = layers.reshape({ targetShape: [1, D] }).apply(mean);
    const y = layers.add().apply([placed().apply(target), row]);
    return model({ inputs: [source, target], outputs: logits(transformerDecoder(block).apply(y)) });
  },
};

export const make = (name: string): Model => withWeights(models[name]?.() as Model);
export const names = Object.keys(models);
export const rows = (of: number[][]) => tensor(of, [of.length, of[0]?.length ?? 0], "int32");

/** Greedy tokens by `predict`, source and all tokens anew at each step. */
export async function naive(net: Model, source: number[], prompt: number[], count: number) {
  const sequence = [...prompt];
  for (let s = 0; s < count; s++) {
    const x = [rows([source]), rows([sequence])];
    const given = [...(await (net.predict(x) as Tensor).data())].slice(-V);
    sequence.push(given.indexOf(Math.max(...given)));
  }
  return sequence.slice(prompt.length);
}

export const sources = [
  [3, 1, 4, 1, 5, 9],
  [2, 7, 1, 8, 0, 0],
];
export const greedy = { maxTokens: 12, temperature: 0 };
