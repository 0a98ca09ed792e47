import { add, mul, sub } from "../tensor/index.ts";
import type { CellKind, GateContext } from "./gates.ts";
import type { States } from "./recurrent-config.ts";
import type { GatedStepConfig } from "./step-config.ts";

/** What decides the steps of a GRU. */
export interface GRUStepConfig extends GatedStepConfig {
  /**
   * Whether the reset gate works on the recurrent product (PyTorch, cuDNN) and not on the state
   * before it (TF.js). Default true.
   */
  readonly resetAfter?: boolean;
}

/** Rules for the keys that it adds to those of all gated kinds. */
export const gruKeys = { recurrentActivation: "any", resetAfter: "boolean" } as const;

const [Z, R, H] = [0, 1, 2] as const;

const gruStep =
  (resetAfter: boolean) =>
  ({ input, product, state, activation, recurrentActivation }: GateContext): States => {
    const h = state(0); // [B, H]
    const z = recurrentActivation(add(input(Z), product(Z, h)));
    const r = recurrentActivation(add(input(R), product(R, h)));
    const recurrent = resetAfter ? mul(r, product(H, h)) : product(H, mul(r, h));
    const candidate = activation(add(input(H), recurrent));
    return [add(candidate, mul(z, sub(h, candidate)))];
  };

export function gruKind({ resetAfter: given }: GRUStepConfig): CellKind {
  const resetAfter = given ?? true;
  return {
    cell: "gru",
    gates: 3,
    states: ["h"],
    stateSizes: (units) => [units],
    resetAfter,
    isFused: true,
    step: gruStep(resetAfter),
    config: { resetAfter },
  };
}
