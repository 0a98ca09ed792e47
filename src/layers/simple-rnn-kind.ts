import { add } from "../tensor/index.ts";
import type { CellKind } from "./gates.ts";

/** The equations of SimpleRNN. */
export const simpleRnnKind: CellKind = {
  cell: "simpleRNN",
  gates: 1,
  states: ["h"],
  stateSizes: (units) => [units],
  resetAfter: false,
  isFused: true,
  step: ({ input, product, state, activation }) => [
    activation(add(input(0), product(0, state(0)))),
  ],
  config: {},
};
