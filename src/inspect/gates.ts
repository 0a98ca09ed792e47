import { stack, type Tensor, where, zerosLike } from "../tensor/index.ts";
import type { ModelData } from "../train/batches/data.ts";
import type { Model } from "../train/index.ts";
import type { WatchedRun, WatchedStep } from "./step-run.ts";
import { inputsFor, oneOrAll, readAll, watchRecurrences } from "./watch.ts";

/** One quantity of a layer over time. */
export interface GateSequence {
  /** [B, T, H] */
  readonly shape: readonly [number, number, number];
  /** Row-major, at the time of the input. */
  readonly data: Float32Array;
}

/** What goes on inside one recurrent layer. */
export interface LayerGates {
  /** Name of the layer; those of a bidirectional one are its `forward_…` and `backward_…`. */
  readonly layer: string;
  /** Its class: `"LSTM"`. */
  readonly kind: string;
  /** LSTM: i, f, g, o. GRU: z, r, n. Activated. Empty for a SimpleRNN and for cells of one's own. */
  readonly gates: Readonly<Record<string, GateSequence>>;
  /** The state h_t; for a cell of one's own its first one. */
  readonly h: GateSequence;
  /** The cell state c_t of an LSTM. */
  readonly c?: GateSequence;
  /** Every state, in the layer's order. */
  readonly states: readonly GateSequence[];
}

/**
 * Every gate and state over time, for every recurrent layer in the order in which the model applies them.
 *
 * Gates are named as in the papers: of an LSTM i (input), f (forget), o (output) and the candidate g = tanh(…), of a GRU
 * z (update: share of the old state that stays), r (reset) and the candidate n. At a masked step the gates are 0 and the
 * states are those before. Index t is the time of the input, also where a layer runs backwards.
 *
 * The numbers are those of inference (no dropout), from plain operations step by step, in one plan and with one wait.
 *
 * @example
 * const [{ gates, shape }] = await sl.inspect.gates(net, x);
 * const [, T, H] = gates.f.shape;
 * const open = (t: number, unit: number) => gates.f.data[t * H + unit]; // of the first sample
 *
 * @param x Samples, as `predict` takes them; they are one batch.
 * @throws {ArgumentError} for what is no model, or a model that has no recurrent layer.
 * @throws {ShapeError} when x does not fit. @throws {UnsupportedError} for a recurrent layer of another kind.
 */
export async function gates(model: Model, x: ModelData): Promise<LayerGates[]> {
  const label = "inspect.gates";
  const inputs = inputsFor(label, model, x);
  const { runs } = watchRecurrences(label, () => {
    model.apply(oneOrAll(inputs), { training: false });
  });
  const asked = runs.map((run) => ({ run, ...sequencesOf(run) }));
  const tensors = asked.flatMap(({ gates, states }) => [...gates.map(([, one]) => one), ...states]);
  const read = await readAll(tensors, label);
  const next = ({ shape: [batch = 0, time = 0, size = 0] }: Tensor): GateSequence => ({
    shape: [batch, time, size],
    data: read.shift() ?? new Float32Array(),
  });
  return asked.map(({ run: { layer }, gates, states }) => {
    const named = Object.fromEntries(gates.map(([name, one]) => [name, next(one)]));
    const sequences = states.map(next);
    const [h = EMPTY, c] = sequences;
    const kind = layer.getClassName();
    const cell = kind === "LSTM" && c ? { c } : {};
    return { layer: layer.name, kind, gates: named, h, ...cell, states: sequences };
  });
}

const EMPTY: GateSequence = { shape: [0, 0, 0], data: new Float32Array() };

/** Gates and states as sequences [B, T, H]. */
function sequencesOf({ steps }: WatchedRun): {
  readonly gates: readonly (readonly [string, Tensor])[];
  readonly states: readonly Tensor[];
} {
  const over = (pick: (step: WatchedStep) => Tensor | undefined): Tensor =>
    stack(
      steps.flatMap((step) => pick(step) ?? []),
      1,
    );
  const [first] = steps;
  const names = Object.keys(first?.gates ?? {});
  const shown = ({ gates, active }: WatchedStep, name: string): Tensor | undefined => {
    const gate = gates[name];
    return gate && active ? where(active, gate, zerosLike(gate)) : gate;
  };
  return {
    gates: names.map((name) => [name, over((step) => shown(step, name))] as const),
    states: (first?.states ?? []).map((_, index) => over(({ states }) => states[index])),
  };
}
