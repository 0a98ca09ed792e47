import { totalGradients } from "../autograd/backward.ts";
import type { Value } from "../graph/node.ts";
import { ops } from "../ops/index.ts";
import { rules } from "../tensor/current.ts";
import { stack, Tensor, where } from "../tensor/index.ts";
import type { ModelData } from "../train/batches/data.ts";
import type { Model } from "../train/index.ts";
import type { WatchedRun } from "./step-run.ts";
import { inputsFor, readAll, watchRecurrences } from "./watch.ts";

/** How much gradient reaches the states of one recurrent layer. */
export interface GradientFlow {
  /** Name of the layer; those of a bidirectional one are its `forward_…` and `backward_…`. */
  readonly layer: string;
  /** Its class: `"LSTM"`. */
  readonly kind: string;
  /** Norm for h_t, by the time t of its input, [T]; for a cell of one's own the first state's. */
  readonly h: Float32Array;
  /** The same for the cell state c_t of an LSTM. */
  readonly c?: Float32Array;
  /** The same for every state, in the layer's order. */
  readonly states: readonly Float32Array[];
}

/**
 * How the gradient of the loss arrives at each time step: the norm of ∂loss/∂h_t (and ∂loss/∂c_t of an LSTM) for every
 * recurrent layer, in the order in which the model applies them. Where it fades towards the first steps the layer
 * learns nothing of what stands there; where it grows, training is in need of clipping.
 *
 * The derivative is the total one, along every way from the state at t to the loss: through the layer's output at t,
 * through all later steps, and for c_t through h_t. (PyTorch's `retain_grad` gives the same.) At a masked step it is that
 * of the state which is held.
 *
 * The figure is Σ_b ‖∂loss/∂h_{b,t}‖₂, a sum over the samples of the batch. As the loss is the mean over the samples of
 * their costs, that is the mean over the samples of the norm of the gradient of a sample's own cost, and does not
 * depend on the size of the batch.
 *
 * The loss is that of `evaluate`: with penalties, without dropout. Gradients are computed in float32, where elements
 * below 1.2e-38 are 0; norms in float64. All runs in plain operations, step by step, in one plan and with one wait:
 * compiling that plan takes a time that grows with T. Weights and states of the model stay as they are.
 *
 * @example
 * const [{ h, c }] = await sl.inspect.gradientFlow(net, x, y);
 * console.log(h[0] / h[h.length - 1]); // what of the gradient reaches the first step
 *
 * @param model Compiled, so that it has a loss.
 * @param x Samples, as `evaluate` takes them; they are one batch.
 * @param y What should come out, likewise.
 * @throws {ArgumentError} for what is no model, a model that is not compiled or has no recurrent layer.
 * @throws {ShapeError} when x or y do not fit. @throws {UnsupportedError} for a recurrent layer of another kind.
 * @see Hochreiter 1991; Bengio, Simard and Frasconi 1994, doi:10.1109/72.279181
 */
export async function gradientFlow(
  model: Model,
  x: ModelData,
  y: ModelData,
): Promise<GradientFlow[]> {
  const label = "inspect.gradientFlow";
  inputsFor(label, model, x);
  const { result: loss, runs } = watchRecurrences(label, () => model.lossOf(label, { x, y }));
  const values = runs.flatMap(valuesOf);
  const found = totalGradients([loss], [ops.literal(1, loss.shape)], { xs: values, rules });
  const gradients = new Map(values.map((value, i) => [value, found[i] ?? null]));
  const sequences = runs.map((run) => arriving(run, gradients));
  const read = await readAll(sequences.flat(), label);
  return runs.map(({ layer }, i) => {
    const own = sequences[i] ?? [];
    const states = own.map(({ shape }) => norms(read.shift() ?? new Float32Array(), shape));
    const [h = new Float32Array(), c] = states;
    const kind = layer.getClassName();
    return { layer: layer.name, kind, h, ...(kind === "LSTM" && c ? { c } : {}), states };
  });
}

/** Everything whose gradient is wanted. */
function valuesOf({ steps }: WatchedRun): Value[] {
  const states = steps.flatMap(({ computed, states }) => [...computed, ...states]);
  return [...new Set(states.map(({ value }) => value))];
}

/** The gradients of each state over time, [T, B, size]. */
function arriving({ steps }: WatchedRun, gradients: ReadonlyMap<Value, Value | null>): Tensor[] {
  const at = ({ value }: Tensor): Tensor =>
    Tensor.of(gradients.get(value) ?? ops.literal(0, value.shape));
  const [first] = steps;
  return (first?.states ?? []).map((_, index) => {
    const rows = steps.flatMap(({ computed, states, active }) => {
      const [own, left] = [computed[index], states[index]];
      if (own === undefined || left === undefined) return [];
      return [active === null ? at(own) : where(active, at(own), at(left))];
    });
    return stack(rows, 0);
  });
}

/** Σ_b of the norms of the rows of [T, B, size], in float64: squares of small gradients are no float32 numbers. */
function norms(
  data: Float32Array,
  [time = 0, batch = 0, size = 0]: readonly number[],
): Float32Array {
  return Float32Array.from({ length: time }, (_, t) => {
    let sum = 0;
    for (let b = 0; b < batch; b++) {
      const start = (t * batch + b) * size;
      let squares = 0;
      for (let i = start; i < start + size; i++) squares += (data[i] ?? 0) ** 2;
      sum += Math.sqrt(squares);
    }
    return sum;
  });
}
