import { ops } from "../ops/index.ts";
import type { RecurrentAttributes } from "../ops/ops.ts";
import { add, cast, concat, matMul, mul, reshape, slice, Tensor } from "../tensor/index.ts";
import type { ActivationFunction } from "./activations.ts";
import type { States } from "./recurrent-config.ts";
import { type Sequences, stepLoop } from "./step-loop.ts";

/** All that one run over a sequence needs. */
export interface RecurrentRun {
  readonly attributes: RecurrentAttributes;
  readonly units: number;
  readonly gates: number;
  /** [B, T, I] */
  readonly x: Tensor;
  /** x as each gate sees it, where dropout hides other inputs from each; else null. */
  readonly gateInputs: readonly Tensor[] | null;
  /** [I, G·H] */
  readonly kernel: Tensor;
  /** [H, G·H] */
  readonly recurrentKernel: Tensor;
  /** [G·H], added to x·kernel. */
  readonly bias: Tensor | null;
  /** [G·H], added to h·recurrentKernel (GRU with resetAfter). */
  readonly recurrentBias: Tensor | null;
  readonly initialStates: States | null;
  /** bool [B, T] */
  readonly mask: Tensor | null;
}

/** The whole sequence by the fused op. */
export function runFused(run: RecurrentRun): Sequences {
  const [initialState, initialCell] = run.initialStates ?? [];
  const sequences = ops
    .recurrent(
      {
        projected: project(run).value, // [B, T, G*H]
        recurrentKernel: run.recurrentKernel.value,
        recurrentBias: run.recurrentBias?.value,
        initialState: initialState?.value,
        initialCell: initialCell?.value,
        mask: run.mask?.value,
      },
      run.attributes,
    )
    .map((value) => Tensor.of(value));
  const [output, cells] = sequences; // [B, T, H] each
  if (output === undefined) throw new RangeError("recurrent gave no output");
  const kept = run.attributes.cell === "lstm" && cells !== undefined ? [output, cells] : [output];
  const time = run.x.shape[1] ?? 1;
  const lastTime = run.attributes.reverse ? 0 : time - 1;
  return { output, states: kept.map((sequence) => atTime(sequence, lastTime)) };
}

/** One step of a cell in plain operations, for what the fused op does not know. */
export type CellStep = (step: StepContext) => States;

/** What a cell's step works on; gates are counted as in the kernels' columns. */
export interface StepContext {
  /** x·kernel + bias of one gate [B, H]. */
  readonly input: (gate: number) => Tensor;
  /** h·recurrentKernel + recurrentBias of one gate [B, H]. */
  readonly product: (gate: number, h: Tensor) => Tensor;
  /** State before the step [B, H]. */
  readonly state: (index: number) => Tensor;
  readonly activation: ActivationFunction;
  readonly recurrentActivation: ActivationFunction;
}

export interface GeneralOptions {
  readonly step: CellStep;
  readonly activation: ActivationFunction;
  readonly recurrentActivation: ActivationFunction;
  /** A dropout mask [B, H] of the state for each gate, or null. */
  readonly recurrentMasks: readonly Tensor[] | null;
  /** States to begin with. */
  readonly initialStates: States;
}

/**
 * The general way: a loop over several operations a step, for any activation and for recurrent dropout.
 */
export function runGeneral(run: RecurrentRun, options: GeneralOptions): Sequences {
  const product = gateProduct(run, options.recurrentMasks);
  const { activation, recurrentActivation } = options;
  return stepLoop({
    x: project(run), // [B, T, G*H]
    states: options.initialStates,
    mask: run.mask,
    reverse: run.attributes.reverse,
    firstOutput: null,
    step: (inputs, before) => {
      const states = options.step({
        input: (gate) => columns(inputs, gate, run.units),
        product,
        state: (index) => at(before, index),
        activation,
        recurrentActivation,
      });
      return { output: at(states, 0), states };
    },
  });
}

/** h·R of one gate, with the state's dropout. */
export function gateProduct(
  run: RecurrentRun,
  masks: readonly Tensor[] | null,
): StepContext["product"] {
  const gates = Array.from({ length: run.gates }, (_, gate) => gate);
  const kernels = gates.map((gate) => columns(run.recurrentKernel, gate, run.units)); // [H, H]
  const bias = run.recurrentBias;
  return (gate, h) => {
    const seen = masks ? mul(h, at(masks, gate)) : h; // [B, H]
    const result = matMul(seen, at(kernels, gate)); // [B, H]
    return bias ? add(result, slice(bias, [gate * run.units], [run.units])) : result;
  };
}

/** x·kernel + bias for all steps at once, [B, T, G·H]. */
export function project({ x, gateInputs, units, ...weights }: RecurrentRun): Tensor {
  const kernel = cast(weights.kernel, x.dtype);
  const bias = weights.bias && cast(weights.bias, x.dtype);
  const [batch = 1, time = 1, features = 1] = x.shape;
  const rows = (one: Tensor): Tensor => reshape(one, [batch * time, features]); // [B*T, I]
  const product = gateInputs
    ? concat(
        gateInputs.map((one, gate) => matMul(rows(one), columns(kernel, gate, units))),
        1,
      )
    : matMul(rows(x), kernel); // [B*T, G*H]
  const sum = bias ? add(product, bias) : product;
  return reshape(sum, [batch, time, kernel.shape[1] ?? 1]);
}

/** [B, T, N] at one time, [B, N]. */
export function atTime(sequence: Tensor, t: number): Tensor {
  const [batch = 1, , width = 1] = sequence.shape;
  return reshape(slice(sequence, [0, t, 0], [batch, 1, width]), [batch, width]);
}

/** Block `gate` of `units` columns. */
export function columns(matrix: Tensor, gate: number, units: number): Tensor {
  return slice(matrix, [0, gate * units], [matrix.shape[0] ?? 1, units]);
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new RangeError(`a list of ${list.length} has no item ${index}`);
  return item;
}
