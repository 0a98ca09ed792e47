import * as sl from "sluice";
import type { Cell, Recurrent } from "./train.ts";

/** A cell and how its weights begin. */
export interface Variant {
  readonly name: string;
  readonly cell: Cell;
  /** Whether it is looked at after training, too. */
  readonly isTrained: boolean;
  /** The model, by `create`, with its first weights. */
  readonly make: (create: (config: Recurrent) => sl.Sequential) => Promise<sl.Sequential>;
}

/** Kernels glorotUniform, recurrent kernels orthogonal, biases zero unless a name says otherwise: Keras's defaults. */
export const VARIANTS: readonly Variant[] = [
  {
    name: "SimpleRNN, orthogonal",
    cell: "simpleRNN",
    isTrained: true,
    make: async (create) => create({}),
  },
  {
    name: "SimpleRNN, glorotUniform",
    cell: "simpleRNN",
    isTrained: false,
    make: async (create) => create({ recurrentInitializer: "glorotUniform" }),
  },
  {
    name: "GRU, orthogonal",
    cell: "gru",
    isTrained: true,
    make: async (create) => create({}),
  },
  {
    name: "LSTM, orthogonal, forget bias 0",
    cell: "lstm",
    isTrained: false,
    make: (create) => withForgetBias(create({}), 0),
  },
  {
    name: "LSTM, orthogonal, forget bias 1",
    cell: "lstm",
    isTrained: true,
    make: async (create) => create({}),
  },
  {
    name: "LSTM, orthogonal, forget bias 5",
    cell: "lstm",
    isTrained: true,
    make: (create) => withForgetBias(create({}), 5),
  },
];

/** Gives the forget gate of the model's LSTM another bias: the second of four blocks. */
async function withForgetBias(model: sl.Sequential, value: number): Promise<sl.Sequential> {
  const bias = model.getLayer(0).weight("bias");
  const numbers = await bias.data();
  const units = numbers.length / 4;
  bias.assign(sl.tensor1d(numbers.fill(value, units, 2 * units)));
  return model;
}
