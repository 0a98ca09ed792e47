import type { DType } from "../graph/dtype.ts";
import type { HostScalar } from "../graph/host-scalar.ts";
import type { Value } from "../graph/node.ts";
import type { Shape } from "../graph/shape.ts";
import type { Spec } from "../graph/spec.ts";
import type { Windows } from "../graph/view.ts";
import type { AttentionSettings } from "../kernels/attention-shape.ts";

/** One value in, one of the same shape out. */
export type Unary = (x: Value) => Value;
/** Two values that broadcast against each other. */
export type Binary = (a: Value, b: Value) => Value;
/** Reduction; `axes` undefined means all. */
export type Reduce = (x: Value, axes?: readonly number[], keepDims?: boolean) => Value;
/** A value of `shape` drawn under `key`. */
export type Random = (shape: Shape, key: HostScalar) => Value;

/** Description of a recurrent op; see ops/recurrent.ts for the shapes and equations. */
export interface RecurrentAttributes {
  readonly cell: "simpleRNN" | "lstm" | "gru";
  /** Of the new state (simpleRNN only; lstm and gru use tanh with sigmoid gates). */
  readonly activation: "tanh" | "relu";
  /** GRU: the reset gate is applied after the recurrent product. */
  readonly resetAfter: boolean;
  /** Time runs from T-1 to 0 (outputs stay at the time of their input). */
  readonly reverse: boolean;
}

/**
 * The operations as gradients and references see them: functions from values to values. Handed in as an
 * argument (never imported) so that op files do not import each other in circles, and so that the same
 * text runs on another interpreter.
 */
export interface Ops {
  // leaves
  readonly literal: (value: number, shape?: Shape, dtype?: DType) => Value;
  readonly scalar: (scalar: HostScalar) => Value;
  readonly range: (size: number) => Value;
  // elementwise
  readonly neg: Unary;
  readonly abs: Unary;
  readonly sign: Unary;
  readonly exp: Unary;
  readonly expm1: Unary;
  readonly log: Unary;
  readonly log1p: Unary;
  readonly sqrt: Unary;
  readonly rsqrt: Unary;
  readonly square: Unary;
  readonly reciprocal: Unary;
  readonly sin: Unary;
  readonly cos: Unary;
  readonly tan: Unary;
  readonly asin: Unary;
  readonly acos: Unary;
  readonly atan: Unary;
  readonly sinh: Unary;
  readonly cosh: Unary;
  readonly asinh: Unary;
  readonly acosh: Unary;
  readonly atanh: Unary;
  readonly tanh: Unary;
  readonly sigmoid: Unary;
  readonly relu: Unary;
  readonly erf: Unary;
  readonly softplus: Unary;
  readonly floor: Unary;
  readonly ceil: Unary;
  readonly round: Unary;
  readonly logicalNot: Unary;
  readonly isFinite: Unary;
  readonly isNaN: Unary;
  readonly isInf: Unary;
  readonly add: Binary;
  readonly sub: Binary;
  readonly mul: Binary;
  /** Two int32 give int32, rounded down; otherwise float32. */
  readonly div: Binary;
  readonly floorDiv: Binary;
  /** The sign of the result is that of the divisor. */
  readonly mod: Binary;
  readonly pow: Binary;
  readonly atan2: Binary;
  readonly maximum: Binary;
  readonly minimum: Binary;
  readonly equal: Binary;
  readonly notEqual: Binary;
  readonly less: Binary;
  readonly lessEqual: Binary;
  readonly greater: Binary;
  readonly greaterEqual: Binary;
  readonly logicalAnd: Binary;
  readonly logicalOr: Binary;
  readonly logicalXor: Binary;
  /** Bits of both combined; where one side is a zero pad this is exact. Used by concat. */
  readonly overlay: Binary;
  readonly where: (condition: Value, a: Value, b: Value) => Value;
  readonly cast: (x: Value, dtype: DType) => Value;
  // movement
  readonly reshape: (x: Value, shape: Shape) => Value;
  readonly transpose: (x: Value, permutation?: readonly number[]) => Value;
  readonly broadcastTo: (x: Value, shape: Shape) => Value;
  /** `step` may be negative (backwards from `begin`). Default 1. */
  readonly slice: (
    x: Value,
    begin: readonly number[],
    size: Shape,
    step?: readonly number[],
  ) => Value;
  readonly pad: (x: Value, paddings: readonly (readonly [number, number])[]) => Value;
  readonly reverse: (x: Value, axes: readonly number[]) => Value;
  readonly concat: (xs: readonly Value[], axis: number) => Value;
  /** All windows that fit along an axis, in place of it: [.., length, ..] → [.., count, size, ..]. */
  readonly windows: (x: Value, windows: Windows) => Value;
  /** The greatest element of each window; of equal ones the first gets the gradient. */
  readonly windowMax: (x: Value, windows: Windows) => Value;
  /** The same value; no gradient flows through. */
  readonly stopGradient: Unary;
  // reductions
  readonly sum: Reduce;
  readonly mean: Reduce;
  readonly prod: Reduce;
  readonly max: Reduce;
  readonly min: Reduce;
  readonly argMax: (x: Value, axis: number) => Value;
  readonly argMin: (x: Value, axis: number) => Value;
  readonly cumsum: (x: Value, axis: number, exclusive?: boolean, reverse?: boolean) => Value;
  readonly cumprod: (x: Value, axis: number, exclusive?: boolean, reverse?: boolean) => Value;
  // random; equal int32 keys give equal numbers
  /** Uniform in [0, 1). */
  readonly randomUniform: Random;
  /** Standard normal. */
  readonly randomNormal: Random;
  /** Standard normal within two standard deviations. */
  readonly randomTruncatedNormal: Random;
  /** All 32 bits as int32. */
  readonly randomBits: Random;
  // loops; see ops/scan.ts
  readonly mark: (spec: Spec) => Value;
  readonly scan: (parts: ScanParts) => ScanResult;
  // kernels
  readonly matMul: (a: Value, b: Value, transposeA?: boolean, transposeB?: boolean) => Value;
  readonly softmax: Unary;
  readonly logSoftmax: Unary;
  /** Rows of `x` along axis 0 picked by int32 `ids` of any shape: [...ids.shape, ...x.shape.slice(1)]. */
  readonly gather: (x: Value, ids: Value) => Value;
  /** Adds rows of `updates` [..ids.shape, ...rest] into zeros [rows, ...rest] at `ids`, in a fixed order. */
  readonly scatterAdd: (ids: Value, updates: Value, rows: number) => Value;
  readonly layerNorm: (x: Value, gamma: Value, beta: Value, epsilon: number) => Value;
  readonly layerNormGradient: (
    x: Value,
    gamma: Value,
    dy: Value,
    epsilon: number,
  ) => readonly Value[];
  readonly rmsNorm: (x: Value, gamma: Value, epsilon: number) => Value;
  /** dx, dgamma */
  readonly rmsNormGradient: (
    x: Value,
    gamma: Value,
    dy: Value,
    epsilon: number,
  ) => readonly Value[];
  /** `labelSmoothing` 0 to 1, default 0. */
  readonly sparseCrossEntropy: (logits: Value, labels: Value, labelSmoothing?: number) => Value;
  readonly sparseCrossEntropyGradient: (
    logits: Value,
    labels: Value,
    dy: Value,
    labelSmoothing?: number,
  ) => Value;
  /** Connectionist temporal classification; see ops/ctc-loss.ts. */
  readonly ctcLoss: (inputs: CtcInputs) => Value;
  readonly ctcLossGradient: (inputs: CtcInputs, dy: Value) => Value;
  readonly attention: (
    inputs: AttentionInputs,
    attributes: AttentionAttributes,
    key?: HostScalar,
  ) => readonly Value[];
  readonly attentionGradient: (
    inputs: AttentionGradientInputs,
    attributes: AttentionAttributes,
    key?: HostScalar,
  ) => readonly Value[];
  readonly recurrent: (
    inputs: RecurrentInputs,
    attributes: RecurrentAttributes,
  ) => readonly Value[];
  readonly recurrentGradient: (
    inputs: RecurrentGradientInputs,
    attributes: RecurrentAttributes,
  ) => readonly Value[];
  // generation
  /** Rows [B, T, ..rest] written into a cache [B, S, ..rest] from step `position`, int32 [], on. */
  readonly cacheAppend: (cache: Value, rows: Value, position: Value) => Value;
  /** The standard Gumbel distribution, in the shape of `step` (int32): element i from (key, its step, i). */
  readonly gumbelNoise: (step: Value, key: HostScalar) => Value;
  /** A token for each row of logits [B, V], int32 [B]; see ops/sample-token.ts. */
  readonly sampleToken: (inputs: SampleInputs, rules: SamplingRules) => Value;
}

/** Inputs of `sampleToken`. */
export interface SampleInputs {
  /** [B, V]; minus infinity where a token may not be chosen. */
  readonly logits: Value;
  /** int32 []: which step it is; each draws numbers of its own. */
  readonly step: Value;
  /** Equal keys and steps give equal numbers. */
  readonly key: HostScalar;
}

/** How a token is chosen among those of a row of logits; the rules apply together. */
export interface SamplingRules {
  /** Logits are divided by it; 0 takes the greatest logit. */
  readonly temperature: number;
  /** As many of the greatest logits may be chosen; 0 means all. */
  readonly topK: number;
  /** Of these the fewest, greatest first, whose probabilities add up to it; 1 means all. */
  readonly topP: number;
  /** Of these the ones that are at least this share as probable as the most probable one. */
  readonly minP: number;
}

/** A loop: what is carried, what is read and what is given piece by piece. */
export interface ScanParts {
  /** `mark` stands in the body for the value before the step, `next` is the value after it. */
  readonly carries: readonly {
    readonly initial: Value;
    readonly mark: Value;
    readonly next: Value;
  }[];
  /** `mark` stands in the body for the step's piece of `whole` along `axis`. */
  readonly xs: readonly { readonly whole: Value; readonly mark: Value; readonly axis: number }[];
  /** Stacked along a new `axis`. */
  readonly ys: readonly { readonly value: Value; readonly axis: number }[];
  readonly length: number;
  readonly reverse: boolean;
}

/** Each carry after the last step; each of `ys` of all steps. */
export interface ScanResult {
  readonly carries: readonly Value[];
  readonly ys: readonly Value[];
}

/** Description of an attention; see ops/attention.ts for the shapes and equations. */
export type AttentionAttributes = AttentionSettings;

/** Inputs of `attention`. Absent ones are left out of the node's input list and noted in its attributes. */
export interface AttentionInputs {
  /** [B, N, T, D], or [B, T, N, D]: see the layout. */
  readonly query: Value;
  /** [B, M, S, D] */
  readonly key: Value;
  /** [B, M, S, E] */
  readonly value: Value;
  /** bool, stretches to [B, N, T, S]; true where a query sees a key. */
  readonly mask?: Value | undefined;
  /** Added to the scores; stretches to [B, N, T, S]. */
  readonly bias?: Value | undefined;
}

export interface AttentionGradientInputs extends AttentionInputs {
  /** Outputs of the forward op, and the gradient of the first. */
  readonly result: Value;
  readonly sums: Value;
  readonly dResult: Value;
}

/** Inputs of `ctcLoss`. */
export interface CtcInputs {
  /** [B, T, C]; class 0 is the blank. */
  readonly logProbs: Value;
  /** int32 [B, L]; of each row the first `labelLengths` count. */
  readonly labels: Value;
  /** int32 [B], 0 to T. */
  readonly inputLengths: Value;
  /** int32 [B], 0 to L. */
  readonly labelLengths: Value;
}

/**
 * Inputs of `recurrent`. Absent ones are left out of the node's input list and noted in its attributes. Two directions
 * at once have an axis of 2 in front of everything but the mask.
 */
export interface RecurrentInputs {
  /** x·W + b of all steps, [B, T, G·H]. */
  readonly projected: Value;
  /** [H, G·H] */
  readonly recurrentKernel: Value;
  /** GRU with resetAfter and bias: [3·H]. */
  readonly recurrentBias?: Value | undefined;
  /** [B, H]; zeros when absent. */
  readonly initialState?: Value | undefined;
  /** LSTM: [B, H]; zeros when absent. */
  readonly initialCell?: Value | undefined;
  /** bool [B, T]; where false the state is held and the output repeats it. */
  readonly mask?: Value | undefined;
}

export interface RecurrentGradientInputs extends RecurrentInputs {
  /** Outputs of the forward op: states [B,T,H], cells [B,T,H] (LSTM), gates [B,T,S·H] as the forward saved them. */
  readonly states: Value;
  readonly cells?: Value | undefined;
  readonly gates?: Value | undefined;
  /** Gradient of `states` [B,T,H] and, when used, of `cells` [B,T,H]. */
  readonly dStates: Value;
  readonly dCells?: Value | undefined;
}
