import * as sl from "sluice";

/** The models that the program offers. */
export const MODELS = ["gru", "lstm"] as const;
export type ModelKind = (typeof MODELS)[number];

/** What is fixed about a model and its training; docs/language-model.md says what was tried. */
export interface Recipe {
  /** Size of a character's vector, and of what the layers above hand on. */
  readonly embedding: number;
  readonly units: number;
  /** Windows a batch, and characters a window. */
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
  batchSize: 16,
  time: 32,
  learningRate: 1e-2,
  warmup: 100,
  globalClipnorm: 1,
  context: 128,
  judged: 384,
  steps: 4000,
};

export const RECIPES: Readonly<Record<ModelKind, Recipe>> = { gru: RECURRENT, lstm: RECURRENT };

/**
 * Ids of characters [B, T] in, for each the logits of the next one [B, T, V] out.
 * @param size Number of ids, V.
 */
export function createModel(kind: ModelKind, size: number, recipe: Recipe): sl.Sequential {
  const { embedding, units } = recipe;
  const recurrent = {
    lstm: () => sl.layers.lstm({ units, returnSequences: true }),
    gru: () => sl.layers.gru({ units, returnSequences: true }),
  };
  return sl.sequential({
    layers: [
      sl.layers.embedding({
        ...{ inputDim: size, outputDim: embedding, inputShape: [null] },
        embeddingsInitializer: sl.initializers.randomNormal({ stddev: 1 }), // Keras's ±0.05 is slow to begin
      }),
      recurrent[kind](),
      sl.layers.dense({ units: size }),
    ],
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
