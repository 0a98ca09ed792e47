import { UnsupportedError } from "../errors.ts";
import { checkedStep } from "../layers/cell-run.ts";
import type { AnyLayer } from "../layers/layer.ts";
import type { ObservedRun } from "../layers/recurrence-observer.ts";
import type { States } from "../layers/recurrent-config.ts";
import { RecurrentLayer } from "../layers/recurrent-layer.ts";
import { atTime, columns, gateProduct, project } from "../layers/recurrent-run.ts";
import { RNN } from "../layers/rnn.ts";
import type { Sequences } from "../layers/step-loop.ts";
import { expandDims, stack, type Tensor, where, zerosLike } from "../tensor/index.ts";

/** Gates of a step by name, [B, H] each. */
export type Gates = Readonly<Record<string, Tensor>>;

/** One time step of a recurrent layer; states are [B, size] each. */
export interface WatchedStep {
  readonly gates: Gates;
  /** What the step computed, whatever the mask says. */
  readonly computed: States;
  /** The states as they leave the step: where it is masked those before. The same tensors where there is no mask. */
  readonly states: States;
  /** bool [B, 1]; null without a mask. */
  readonly active: Tensor | null;
}

/** One application of a recurrent layer. */
export interface WatchedRun {
  readonly layer: AnyLayer;
  /** By the time of their input. */
  readonly steps: readonly WatchedStep[];
}

/** What a step computes, before any mask. */
interface Step {
  readonly output: Tensor;
  readonly states: States;
  readonly gates: Gates;
}

type Stepper = (t: number, states: States) => Step;

/**
 * Runs a layer in plain operations, step by step: every state and gate is a value of its own in the graph, which the
 * fused op does not have.
 */
export function runBySteps(
  layer: AnyLayer,
  { x, mask, first }: ObservedRun,
): WatchedRun & { readonly sequences: Sequences } {
  const time = x.shape[1] ?? 1;
  const step = stepperOf(layer, x);
  const keeps = mask && expandDims(mask, -1); // [B, T, 1]
  const steps = new Array<WatchedStep>(time);
  const outputs = new Array<Tensor>(time);
  let states = first();
  let held: Tensor | null = null;
  for (const t of timesOf(layer, time)) {
    const before = states;
    const { output, states: computed, gates } = step(t, before);
    const active = keeps && atTime(keeps, t); // [B, 1]
    const hold = (next: Tensor, old: Tensor): Tensor => (active ? where(active, next, old) : next);
    states = computed.map((state, i) => hold(state, before[i] ?? state));
    const [firstState = output] = states;
    // A state that is the output stays one value: what arrives at the output arrives at the state.
    held = output === computed[0] ? firstState : hold(output, held ?? zerosLike(output));
    outputs[t] = held;
    steps[t] = { gates, computed, states, active };
  }
  return { layer, steps, sequences: { output: stack(outputs, 1), states } };
}

/** The steps in the order in which they are computed. */
function timesOf(layer: AnyLayer, time: number): number[] {
  const times = Array.from({ length: time }, (_, t) => t);
  const isReverse = (layer instanceof RecurrentLayer || layer instanceof RNN) && layer.goBackwards;
  return isReverse ? times.reverse() : times;
}

/** @throws {UnsupportedError} for a layer that carries states in a way of its own. */
function stepperOf(layer: AnyLayer, x: Tensor): Stepper {
  if (layer instanceof RecurrentLayer) return layerStepper(layer, x);
  if (layer instanceof RNN) return cellStepper(layer, x);
  throw new UnsupportedError(
    `inspect: "${layer.name}" is a ${layer.getClassName()}, whose steps are not known. Expected simpleRNN, lstm, gru ` +
      "or rnn({ cell }).",
  );
}

/** Names of what the activations give in a step, in the order of their calls: first the recurrent activation's. */
const GATE_NAMES = {
  simpleRNN: { recurrent: [], activation: [] },
  lstm: { recurrent: ["i", "f", "o"], activation: ["g"] },
  gru: { recurrent: ["z", "r"], activation: ["n"] },
} as const;

/** The layer's own step, whose activations take down what they give. */
function layerStepper(layer: RecurrentLayer<"one" | "many">, x: Tensor): Stepper {
  const equations = layer.equations(x);
  const { step, units, attributes } = equations;
  const names = GATE_NAMES[attributes.cell];
  const projected = project(equations); // [B, T, G*H]
  const product = gateProduct(equations, null);
  return (t, before) => {
    const inputs = atTime(projected, t); // [B, G*H]
    const gates: Record<string, Tensor> = {};
    const recurrent = noting(names.recurrent, gates);
    const candidate = noting(names.activation, gates);
    const states = step({
      input: (gate) => columns(inputs, gate, units),
      product,
      state: (index) => before[index] ?? zerosLike(inputs),
      activation: (a) => candidate(equations.activation(a)),
      recurrentActivation: (a) => recurrent(equations.recurrentActivation(a)),
    });
    const [output = inputs] = states;
    return { output, states, gates };
  };
}

/** Takes down what passes, under one name after the other. */
function noting(names: readonly string[], into: Record<string, Tensor>): (value: Tensor) => Tensor {
  let calls = 0;
  return (value) => {
    const name = names[calls++];
    if (name !== undefined) into[name] = value;
    return value;
  };
}

function cellStepper({ cell }: RNN<"one" | "many">, x: Tensor): Stepper {
  return (t, before) => {
    const given = cell.call(atTime(x, t), before, { training: false });
    return { ...checkedStep(cell, before, given), gates: {} };
  };
}
