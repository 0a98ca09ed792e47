/**
 * The golden numbers of test/golden, typed. test/golden/README.md says what is in them.
 *
 * @example
 * for (const golden of loadRecurrentGoldens("lstm")) {
 *   const x = inputOf(golden.inputs.x); // [B, T, I]
 *   expectGolden(await run(x).data(), golden.expected.y, tolerances.recurrent);
 * }
 */

import { readFileSync } from "node:fs";
import type { LossName } from "../../src/losses/names.ts";
import type { OptimizerName } from "../../src/optimizers/index.ts";
import { type ComparisonDetails, expectClose, type Tolerance } from "./compare.ts";

/** Values in closed form: `offset + scale * sin(1.7*i + 2.3*i*sqrt(i) + phase)`. */
export interface WaveSpec {
  readonly shape: readonly number[];
  readonly phase: number;
  readonly scale: number;
  /** Default 0. */
  readonly offset?: number;
}

/** Values that are listed, each one exactly a float32. */
export interface ValuesSpec {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

export type InputSpec = WaveSpec | ValuesSpec;

/** A result with all its values, nine significant digits each. */
export interface FullResult {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/** A large result: every `stride`-th value, and figures over all values. */
export interface SampledResult extends FullResult {
  readonly stride: number;
  readonly sum: number;
  readonly sumOfSquares: number;
  readonly maxAbsolute: number;
}

export type GoldenResult = FullResult | SampledResult;

export type RecurrentLayerName = "simpleRNN" | "lstm" | "gru";

/** Weights in Keras's layout: LSTM gates i,f,c,o; GRU gates z,r,h. */
interface RecurrentCell {
  readonly name: string;
  readonly layer: RecurrentLayerName;
  readonly activation: "tanh" | "relu";
  /** GRU only. */
  readonly resetAfter?: boolean;
  readonly batch: number;
  readonly time: number;
  readonly features: number;
  readonly units: number;
}

/** What a recurrent layer reads: x [B,T,I], kernel [I,G*H], recurrentKernel [H,G*H], bias. */
export interface RecurrentParts<Part> {
  readonly x: Part;
  readonly kernel: Part;
  readonly recurrentKernel: Part;
  /** [G*H]; GRU with resetAfter [2,3H]: row 0 for the input, row 1 for the state. */
  readonly bias: Part;
  /** Initial state [B,H], where one is given. */
  readonly h0?: Part;
  readonly c0?: Part;
}

/** What it returns: y [B,T,H], or [B,H] without returnSequences; last states h and c [B,H]. */
export interface RecurrentResults<Part> {
  readonly y: Part;
  readonly h: Part;
  readonly c?: Part;
}

/** Forward and backward pass of one recurrent layer. */
export interface RecurrentGolden extends RecurrentCell {
  readonly returnSequences: boolean;
  /** Outputs then stay in the order in which they were computed. */
  readonly goBackwards: boolean;
  readonly zeroOutputForMask: boolean;
  /** [B,T], 1 = the step counts, 0 = the state is held. In the order of x. */
  readonly mask?: ValuesSpec;
  readonly inputs: RecurrentParts<InputSpec>;
  /** The gradients are those of the sum over all results of lossWeights * result. */
  readonly lossWeights: RecurrentResults<InputSpec>;
  readonly expected: RecurrentResults<GoldenResult>;
  readonly gradients: RecurrentParts<GoldenResult>;
}

/** A recurrent layer with options of PyTorch, TensorFlow or ONNX; weights and gradients by name, as in RecurrentGolden. */
export interface RecurrentOptionsGolden {
  readonly name: string;
  readonly layer: RecurrentLayerName;
  readonly config: { readonly units: number; readonly goBackwards?: boolean };
  readonly batch: number;
  readonly time: number;
  readonly features: number;
  readonly mask?: ValuesSpec;
  readonly inputs: Readonly<Record<string, InputSpec>>;
  readonly lossWeights: RecurrentResults<InputSpec>;
  readonly expected: RecurrentResults<GoldenResult>;
  readonly gradients: Readonly<Record<string, GoldenResult>>;
}

/** A stack of recurrent layers with masks and states: test/golden/recurrent_matrix.py. */
export interface RecurrentStackGolden {
  readonly name: string;
  /** Whether it is among the few of every run. */
  readonly spread: boolean;
  readonly cell:
    | "simpleRNN-tanh"
    | "simpleRNN-relu"
    | "lstm"
    | "gru-resetAfter"
    | "gru-resetBefore";
  /** One direction, or the merge mode of a bidirectional layer. */
  readonly direction: "forward" | "goBackwards" | "concat" | "sum" | "ave" | "mul" | "null";
  readonly layers: number;
  readonly mask: "none" | "right" | "left" | "middle" | "emptyRow" | "masking" | "embedding";
  /** Without a meaning for bidirectional layers: their sequences have zeros. */
  readonly maskedOutput: "held" | "zero";
  readonly initialState: boolean;
  readonly returns: "last" | "sequences" | "state" | "both";
  readonly batch: number;
  readonly time: number;
  readonly features: number;
  readonly units: number;
  /** [B,T], 1 = the step counts. */
  readonly maskRows: readonly (readonly number[])[] | null;
  /** [B,T], with the mask of an embedding. */
  readonly ids?: readonly (readonly number[])[];
  /** Of the first input; each further one has 0.47 more. */
  readonly phase: number;
  /** What computed the numbers. */
  readonly source: "PyTorch" | "Keras's equations";
  /** `y`, or `y0` and `y1` without a merge; the last states as `"0.forward.h"`. */
  readonly expected: Readonly<Record<string, GoldenResult>>;
  /** `x` or `embeddings`; weights and states as `"0.forward.kernel"`, in the order of their phases. */
  readonly gradients: Readonly<Record<string, GoldenResult>>;
}

/** A node test of ONNX: test/golden/onnx_recurrent.py. Names and layouts are those of the operator. */
export interface OnnxRecurrentGolden {
  readonly name: string;
  readonly op: "RNN" | "LSTM" | "GRU";
  readonly attributes: { readonly hidden_size: number; readonly layout?: number };
  readonly inputs: Readonly<Partial<Record<OnnxRecurrentInput, FullResult>>>;
  readonly outputs: Readonly<Partial<Record<"Y" | "Y_h" | "Y_c", FullResult>>>;
}

export type OnnxRecurrentInput =
  | "X"
  | "W"
  | "R"
  | "B"
  | "sequence_lens"
  | "initial_h"
  | "initial_c"
  | "P";

/** 25 Adam steps of input [32,10,1] -> recurrent 64 -> dense 1, mean squared error. */
export interface TrainingGolden extends RecurrentCell {
  readonly steps: number;
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** FNV-1a of the float32 bits of trainingData(). */
  readonly dataChecksum: { readonly x: number; readonly target: number };
  readonly weights: Readonly<Record<TrainingWeight, InputSpec>>;
  /** Adam as Keras writes it: epsilon beside the uncorrected sqrt(v). */
  readonly keras: Trajectory;
  /** Adam as PyTorch writes it: epsilon beside the corrected sqrt(v). */
  readonly torch: Trajectory;
}

export type TrainingWeight = "kernel" | "recurrentKernel" | "bias" | "denseKernel" | "denseBias";

export interface Trajectory {
  /** The loss before each update. */
  readonly loss: readonly number[];
  readonly finalWeights: Readonly<Record<TrainingWeight, GoldenResult>>;
}

/** Steps of one optimizer; the fields that apply depend on `optimizer`. */
export interface OptimizerGolden {
  readonly name: string;
  readonly optimizer: OptimizerName;
  readonly learningRate: number;
  readonly momentum?: number;
  readonly nesterov?: boolean;
  readonly rho?: number;
  readonly centered?: boolean;
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
  readonly amsgrad?: boolean;
  readonly initialAccumulatorValue?: number;
  readonly weightDecay?: number;
  readonly steps: number;
  readonly initial: InputSpec;
  /** The gradients come from optimizerGradient(golden, step). */
  readonly magnitudes: ValuesSpec;
  readonly phase: number;
  readonly phasePerStep: number;
  readonly parametersAfterStep: readonly (readonly number[])[];
}

export interface LossGolden {
  readonly name: string;
  /** The loss's settings stand beside it. */
  readonly loss: LossName;
  /** Class ids for the sparse loss, else of the shape of the prediction. */
  readonly target: InputSpec;
  readonly prediction: InputSpec;
  readonly value: number;
  /** With respect to the prediction. */
  readonly gradient: GoldenResult;
}

/** One op: y = op(inputs; attributes), and the gradients of sum(lossWeights.y * y). */
export interface OpGolden {
  readonly name: string;
  readonly op: string;
  readonly attributes: Readonly<Record<string, number | boolean>>;
  readonly inputs: Readonly<Record<string, InputSpec>>;
  readonly lossWeights: { readonly y: InputSpec };
  readonly expected: { readonly y: GoldenResult };
  readonly gradients: Readonly<Record<string, GoldenResult>>;
}

/** Forward and backward pass of an attention layer or a transformer block: test/golden/attention.py. */
export interface AttentionGolden {
  readonly name: string;
  readonly layer:
    | "multiHeadAttention"
    | "groupedQueryAttention"
    | "attention"
    | "additiveAttention"
    | "transformerEncoder"
    | "transformerDecoder";
  /** What the maker takes. */
  readonly config: Readonly<Record<string, unknown>>;
  /** As `apply` takes them; one alone attends to itself. */
  readonly inputs: readonly InputSpec[];
  /** By their paths, in Keras's order. */
  readonly weights: Readonly<Record<string, InputSpec>>;
  /** Options of the call that are tensors; 1 = counts. */
  readonly masks: Readonly<Record<string, ValuesSpec>>;
  /** Those that are not. */
  readonly options: Readonly<Record<string, boolean>>;
  readonly lossWeights: InputSpec;
  readonly source: "PyTorch" | "equations";
  readonly expected: { readonly y: GoldenResult; readonly scores?: GoldenResult };
  /** Of the sum of lossWeights * y. */
  readonly gradients: {
    readonly inputs: readonly GoldenResult[];
    readonly weights: Readonly<Record<string, GoldenResult>>;
  };
}

interface GoldenFile<Case> {
  readonly format: number;
  readonly cases: readonly Case[];
}

function load<Case>(name: string): readonly Case[] {
  const url = new URL(`../golden/${name}.json`, import.meta.url);
  const file = JSON.parse(readFileSync(url, "utf8")) as GoldenFile<Case>;
  if (file.format !== 1 || file.cases.length === 0) {
    throw new Error(`${name}.json: format ${file.format}, but format 1 with cases is expected.`);
  }
  return file.cases;
}

const recurrentFiles = { simpleRNN: "simple-rnn", lstm: "lstm", gru: "gru" } as const;

export const loadRecurrentGoldens = (layer: RecurrentLayerName) =>
  load<RecurrentGolden>(recurrentFiles[layer]);
export const loadRecurrentOptionsGoldens = () => load<RecurrentOptionsGolden>("recurrent-options");
export const loadRecurrentStacks = () => load<RecurrentStackGolden>("recurrent-matrix");
export const loadOnnxRecurrent = () => load<OnnxRecurrentGolden>("onnx-recurrent");
export const loadAttentionGoldens = () => load<AttentionGolden>("attention-layers");
export const loadTrainingGoldens = () => load<TrainingGolden>("training");
export const loadOptimizerGoldens = () => load<OptimizerGolden>("optimizers");
export const loadLossGoldens = () => load<LossGolden>("losses");
export const loadPositionGoldens = () => load<OpGolden>("positions");
export const loadWaveChecksums = () => load<WaveSpec & { readonly checksum: number }>("waves");

/** All ops, or those of one name, such as `"matMul"`. */
export function loadOpGoldens(op?: string): readonly OpGolden[] {
  const all = load<OpGolden>("ops");
  const chosen = op === undefined ? all : all.filter((golden) => golden.op === op);
  if (chosen.length === 0) throw new Error(`ops.json has no case of op "${op}".`);
  return chosen;
}

/**
 * Distinct values in closed form, row-major: float32 of
 * `scale * sin(1.7*i + 2.3*i*sqrt(i) + phase)`. As a matrix they have full rank, unlike sin(1.7*i).
 */
export function wave(shape: readonly number[], phase: number, scale = 1): Float32Array {
  return inputOf({ shape, phase, scale });
}

/** The float32 values of a spec. */
export function inputOf(spec: InputSpec): Float32Array {
  if ("values" in spec) return Float32Array.from(spec.values);
  const { shape, phase, scale, offset = 0 } = spec;
  const size = shape.reduce((product, length) => product * length, 1);
  return Float32Array.from({ length: size }, (_, i) => {
    const angle = 1.7 * i + 2.3 * i * Math.sqrt(i) + phase;
    return offset + scale * Math.sin(angle);
  });
}

/** The gradient of one optimizer step, `step` from 0. */
export function optimizerGradient(golden: OptimizerGolden, step: number): Float32Array {
  const magnitudes = inputOf(golden.magnitudes);
  const values = wave(golden.magnitudes.shape, golden.phase + golden.phasePerStep * step);
  return values.map((value, i) => Number(magnitudes[i]) * value);
}

/** Inputs x [32,10,1] and targets [32,1] of the training goldens: sines of seven frequencies. */
export function trainingData(): { readonly x: Float32Array; readonly target: Float32Array } {
  const [batch, time] = [32, 10];
  const series = (b: number, t: number) => {
    const frequency = 0.15 + 0.05 * (b % 7);
    return Math.sin(frequency * t + 0.7 * b) + 0.3 * Math.sin(2.3 * frequency * t);
  };
  const x = Float32Array.from({ length: batch * time }, (_, i) =>
    series(Math.floor(i / time), i % time),
  );
  const target = Float32Array.from({ length: batch }, (_, b) => series(b, time));
  return { x, target };
}

/** FNV-1a (32 bit) over the bit patterns of float32 values, one word a step. */
export function checksum(values: Float32Array): number {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  let result = 0x811c9dc5;
  for (const word of words) result = Math.imul(result ^ word, 0x01000193);
  return result >>> 0;
}

/**
 * Throws unless `actual` is close to a golden result. Of a sampled result, the samples are
 * compared one by one, and the sums within what the tolerance lets all values add up to.
 */
export function expectGolden(
  actual: ArrayLike<number>,
  golden: GoldenResult,
  tolerance: Tolerance & ComparisonDetails,
): void {
  if (!("stride" in golden)) {
    expectClose(actual, golden.values, { shape: golden.shape, ...tolerance });
    return;
  }
  const label = tolerance.label ?? "golden";
  const size = golden.shape.reduce((product, length) => product * length, 1);
  if (actual.length !== size) {
    throw new Error(`${label}: received ${actual.length} values, but ${size} are expected.`);
  }
  const samples = golden.values.map((_, k) => Number(actual[k * golden.stride]));
  // The largest value may lie between the samples, so the allowance is made here.
  const pointwise = sampleTolerance(golden, tolerance);
  expectClose(samples, golden.values, {
    ...pointwise,
    label: `${label}, one value in ${golden.stride}`,
  });
  const magnitude = Math.sqrt(golden.sumOfSquares / size);
  const allowed = size * (pointwise.atol + pointwise.rtol * magnitude);
  let [sum, sumOfSquares] = [0, 0];
  for (let i = 0; i < size; i++) {
    sum += Number(actual[i]);
    sumOfSquares += Number(actual[i]) ** 2;
  }
  expectClose([sum], [golden.sum], { rtol: 0, atol: allowed, label: `${label}, sum` });
  expectClose([sumOfSquares], [golden.sumOfSquares], {
    rtol: 0,
    atol: 2 * allowed * golden.maxAbsolute,
    label: `${label}, sum of squares`,
  });
}

function sampleTolerance(golden: SampledResult, tolerance: Tolerance) {
  if (!("relativeToMax" in tolerance)) return { rtol: tolerance.rtol, atol: tolerance.atol };
  return { rtol: 0, atol: tolerance.relativeToMax * golden.maxAbsolute };
}
