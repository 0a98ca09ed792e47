import * as sl from "sluice";
import { randomFrom } from "./random.ts";
import type { Task } from "./tasks.ts";

/** The recurrent layers that are tried. */
export const CELLS = ["simpleRNN", "lstm", "gru"] as const;
export type Cell = (typeof CELLS)[number];

/** Size of the state, sequences an update, and what Adam is told. */
export const RECIPE = { units: 64, batchSize: 32, learningRate: 2e-3, globalClipnorm: 1 } as const;

/** Updates between two looks at held-out data, and how many sequences that is. */
const ROUND = 100;
const HELD_OUT = 512;

/** How one training went. */
export interface Outcome {
  /** Updates until the task was solved, or until they were used up. */
  readonly updates: number;
  readonly isSolved: boolean;
  /** The figure on held-out sequences after the last update. */
  readonly figure: number;
  readonly seconds: number;
}

export interface TrainingOptions {
  /** Decides weights and sequences. */
  readonly seed: number;
  /** Most updates. */
  readonly updates: number;
  /** Is told the figure every 100 updates. */
  readonly onRound?: (updates: number, figure: number) => void;
}

/** Settings of the recurrent layer that may differ from Keras's defaults. */
export interface Recurrent {
  readonly recurrentInitializer?: "glorotUniform";
}

/** One recurrent layer with Keras's defaults, and a dense one for the answers. */
export function createModel(task: Task, cell: Cell, recurrent: Recurrent = {}): sl.Sequential {
  const config = {
    ...recurrent,
    units: RECIPE.units,
    returnSequences: task.everyStep,
    inputShape: [task.steps, task.inputs],
  };
  const layers = {
    simpleRNN: () => sl.layers.simpleRNN(config),
    lstm: () => sl.layers.lstm(config),
    gru: () => sl.layers.gru(config),
  };
  const model = sl.sequential();
  model.add(layers[cell]());
  model.add(sl.layers.dense({ units: task.outputs }));
  const { learningRate, globalClipnorm } = RECIPE;
  model.compile({
    optimizer: sl.train.adam({ learningRate, globalClipnorm }),
    loss: task.loss,
  });
  return model;
}

/** Trains on sequences of which each is seen once, until those held out are solved. */
export async function train(
  model: sl.Sequential,
  task: Task,
  options: TrainingOptions,
): Promise<Outcome> {
  const began = performance.now();
  const random = randomFrom(options.seed);
  const heldOut = task.draw(random, HELD_OUT);
  let [updates, figure] = [0, Number.NaN];
  while (updates < options.updates && !task.isSolved(figure)) {
    const count = Math.min(ROUND, options.updates - updates);
    const batches = Array.from({ length: count }, () => {
      const { x, y } = task.draw(random, RECIPE.batchSize);
      return { xs: x, ys: y };
    });
    await model.fitDataset(batches, { epochs: 1, verbose: 0 });
    updates += count;
    figure = await judge(model, task, heldOut);
    options.onRound?.(updates, figure);
  }
  const seconds = (performance.now() - began) / 1000;
  return { updates, isSolved: task.isSolved(figure), figure, seconds };
}

async function judge(
  model: sl.Sequential,
  task: Task,
  heldOut: { readonly x: sl.Tensor; readonly y: sl.Tensor },
): Promise<number> {
  const predictions = model.predict(heldOut.x, { batchSize: 128 });
  const [figure = Number.NaN] = await task.judge(heldOut, predictions).data();
  predictions.dispose();
  return figure;
}
