import type { GRUConfig } from "../../src/layers/gru.ts";
import { layers } from "../../src/layers/index.ts";
import type { RecurrentLayer } from "../../src/layers/recurrent-layer.ts";

export type RecurrentName = "simpleRNN" | "lstm" | "gru";
export const recurrentNames = ["simpleRNN", "lstm", "gru"] as const;

/** A recurrent layer by name; one output. */
export function makeRecurrent(name: RecurrentName, config: GRUConfig): RecurrentLayer {
  const { resetAfter: _, ...shared } = config;
  if (name === "simpleRNN") return layers.simpleRNN(shared);
  return name === "lstm" ? layers.lstm(shared) : layers.gru(config);
}

/** The same with its states behind the output. */
export function makeWithState(name: RecurrentName, config: GRUConfig): RecurrentLayer<"many"> {
  const wanted = { ...config, returnState: true } as const;
  const { resetAfter: _, ...shared } = wanted;
  if (name === "simpleRNN") return layers.simpleRNN(shared);
  return name === "lstm" ? layers.lstm(shared) : layers.gru(wanted);
}
