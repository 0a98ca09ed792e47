import * as sl from "sluice";

/** The models that the program offers. */
export const MODELS = ["gru", "lstm", "transformer"] as const;
export type ModelKind = (typeof MODELS)[number];

/** What is fixed about a model and its training; docs/language-model.md says what was tried. */
export interface Recipe {
  /** Size of a character's vector; in a transformer, of all that the blocks hand on. */
  readonly embedding: number;
  /** Size of a recurrent state, or of a transformer's feed-forward part. */
  readonly units: number;
  /** Recurrent layers or blocks upon each other. */
  readonly depth: number;
  /** Heads of a transformer's attention; recurrent layers have none. */
  readonly heads: number;
  /** Windows a batch, and characters a window. A transformer never sees more than one window. */
  readonly batchSize: number;
  readonly time: number;
  /** Highest learning rate; it climbs to it for `warmup` updates, and falls to zero along half a cosine. */
  readonly learningRate: number;
  readonly warmup: number;
  readonly globalClipnorm: number;
  /** Characters that are shown before those that it is judged by, and how many these are. */
  readonly context: number;
  readonly judged: number;
  /** Updates where nobody says how many. */
  readonly steps: number;
}

const RECURRENT: Recipe = {
  embedding: 32,
  units: 128,
  depth: 1,
  heads: 0,
  batchSize: 16,
  time: 32,
  learningRate: 1e-2,
  warmup: 100,
  globalClipnorm: 1,
  context: 128,
  judged: 384,
  steps: 6000,
};

const TRANSFORMER: Recipe = {
  embedding: 64,
  units: 256,
  depth: 2,
  heads: 4,
  batchSize: 16,
  time: 64,
  learningRate: 5e-3,
  warmup: 100,
  globalClipnorm: 1,
  context: 32,
  judged: 32,
  steps: 3000,
};

export const RECIPES: Readonly<Record<ModelKind, Recipe>> = {
  gru: RECURRENT,
  lstm: RECURRENT,
  transformer: TRANSFORMER,
};

/**
 * Ids of characters [B, T] in, for each the logits of the next one [B, T, V] out.
 * @param size Number of ids, V.
 */
export function createModel(kind: ModelKind, size: number, recipe: Recipe): sl.Sequential {
  const { units, depth } = recipe;
  const repeat = (layer: () => sl.AnyLayer): sl.AnyLayer[] => Array.from({ length: depth }, layer);
  const layers = {
    gru: () => [
      vectors(size, recipe),
      ...repeat(() => sl.layers.gru({ units, returnSequences: true })),
    ],
    lstm: () => [
      vectors(size, recipe),
      ...repeat(() => sl.layers.lstm({ units, returnSequences: true })),
    ],
    transformer: () => [
      vectorsAndPositions(size, recipe),
      ...repeat(() => block(recipe)),
      sl.layers.layerNormalization(), // what blocks with normalizeFirst add up to is not normalized
    ],
  };
  return sl.sequential({ layers: [...layers[kind](), sl.layers.dense({ units: size })] });
}

function vectors(size: number, { embedding }: Recipe): sl.AnyLayer {
  return sl.layers.embedding({
    inputDim: size,
    outputDim: embedding,
    inputShape: [null],
    embeddingsInitializer: sl.initializers.randomNormal({ stddev: 1 }), // Keras's ±0.05 is slow to begin
  });
}

function vectorsAndPositions(size: number, { embedding, time }: Recipe): sl.AnyLayer {
  return sl.layers.tokenAndPositionEmbedding({
    vocabularySize: size,
    sequenceLength: time,
    embeddingDim: embedding,
    inputShape: [null],
  });
}

/** Causal self-attention and a feed-forward part, as in GPT-2: no step sees later ones. */
function block({ units, heads }: Recipe): sl.AnyLayer {
  return sl.layers.transformerDecoder({
    intermediateDim: units,
    numHeads: heads,
    normalizeFirst: true,
    activation: "gelu",
  });
}

/** Adam, and the crossentropy of the next character from its logits. */
export function compileModel(model: sl.Model, recipe: Recipe, steps: number): void {
  const warmupSteps = Math.min(recipe.warmup, Math.floor(steps / 2));
  const learningRate = sl.train.cosineDecay({
    initialLearningRate: 0,
    warmupTarget: recipe.learningRate,
    warmupSteps,
    decaySteps: steps - warmupSteps,
  });
  model.compile({
    optimizer: sl.train.adam({ learningRate, globalClipnorm: recipe.globalClipnorm }),
    loss: { kind: "sparseCategoricalCrossentropy", fromLogits: true },
  });
}
