import { expect } from "vitest";
import { layers } from "../../src/layers/index.ts";
import type { AnyLayer } from "../../src/layers/layer.ts";
import type { CallOptions } from "../../src/layers/layer-types.ts";
import {
  mul,
  sum,
  type Tensor,
  tensor,
  type Variable,
  variable,
  variableGrads,
} from "../../src/tensor/index.ts";
import {
  expectGolden,
  type GoldenResult,
  type InputSpec,
  inputOf,
  load,
  type ValuesSpec,
} from "../helpers/golden.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { kept } from "../train/support.ts";

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

export const loadAttentionGoldens = () => load<AttentionGolden>("attention-layers");

/** The cases of every run: each layer, each kind of mask, and what each option adds. */
export const SPREAD: readonly string[] = [
  "multiHeadAttention/self",
  "multiHeadAttention/padding+causal",
  "multiHeadAttention/queryMask",
  "multiHeadAttention/cross+keys",
  "multiHeadAttention/attentionMask[B,N,T,S]",
  "multiHeadAttention/noKey",
  "multiHeadAttention/window+causal",
  "multiHeadAttention/useGate",
  "multiHeadAttention/rank4+axis2",
  "groupedQueryAttention/causal+padding",
  "attention/masks",
  "attention/concat",
  "additiveAttention/scale",
  "transformerEncoder/relu",
  "transformerEncoder/gelu+normalizeFirst",
  "transformerDecoder/alone+normalizeFirst",
  "transformerDecoder/alone+rms+rotary",
  "transformerDecoder/cross+normalizeFirst",
];

export const isSpread = ({ name }: AttentionGolden): boolean => SPREAD.includes(name);

const given = (spec: InputSpec): Tensor => tensor(inputOf(spec), spec.shape);

/** The layer of a golden with its weights, which have Keras's names in Keras's order. */
export function goldenLayer(golden: AttentionGolden): AnyLayer {
  const make = layers[golden.layer] as unknown as (config: unknown) => AnyLayer;
  const layer = kept(make(golden.config));
  const shapes = golden.inputs.map((spec) => spec.shape);
  layer.ensureBuilt(shapes);
  expect([...layer.weightsByPath().keys()]).toEqual(Object.keys(golden.weights));
  layer.setWeights(Object.values(golden.weights).map(given));
  return layer;
}

/** Output, scores where the golden has them, and the gradients of all inputs and weights. */
export async function expectGoldenAttention(golden: AttentionGolden): Promise<void> {
  const layer = goldenLayer(golden);
  const inputs = golden.inputs.map((spec, i) => kept(variable(given(spec), true, `input${i}`)));
  const masks = Object.entries(golden.masks).map(
    ([name, spec]) => [name, tensor(inputOf(spec), spec.shape, "bool")] as const,
  );
  const options: CallOptions = { ...golden.options, ...Object.fromEntries(masks) };
  const [only] = inputs;
  const read = inputs.length === 1 && only ? only : inputs;

  const y = layer.apply(read, options) as Tensor;
  expect(y.shape).toEqual(golden.expected.y.shape);
  expectGolden(await y.data(), golden.expected.y, { ...tolerances.attention, label: "y" });
  const { scores } = golden.expected;
  if (scores !== undefined && golden.layer !== "transformerDecoder") {
    const results = layer.apply(read, { ...options, returnAttentionScores: true });
    const [again, weights] = results as Tensor[] as [Tensor, Tensor];
    expect(weights.shape).toEqual(scores.shape);
    expectGolden(await weights.data(), scores, { ...tolerances.attention, label: "scores" });
    expect(await again.data()).toEqual(await y.data());
  }

  const lossWeights = given(golden.lossWeights);
  const { grads } = variableGrads(() =>
    sum(mul(layer.apply(read, options) as Tensor, lossWeights)),
  );
  const all: [string, Variable, GoldenResult][] = [
    ...inputs.map(
      (one, i) =>
        [one.name, one, at(golden.gradients.inputs, i)] as [string, Variable, GoldenResult],
    ),
    ...[...layer.weightsByPath()].map(
      ([path, one]) => [path, one, wanted(golden, path)] as [string, Variable, GoldenResult],
    ),
  ];
  const largest = Math.max(...all.map(([, , { values }]) => Math.max(...values.map(Math.abs))));
  for (const [path, one, expected] of all) {
    const label = `gradient of ${path}`;
    const gradient = await (grads[one.name] as Tensor).data();
    // A bias of the keys shifts all scores of a query alike, so its gradient is 0 but for rounding.
    const tolerance = path.endsWith("key/bias")
      ? { rtol: 0, atol: tolerances.gradient.relativeToMax * largest }
      : tolerances.gradient;
    expectGolden(gradient, expected, { ...tolerance, label });
  }
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new Error(`A list of ${list.length} has no item ${index}.`);
  return item;
}

function wanted({ name, gradients }: AttentionGolden, path: string): GoldenResult {
  const found = gradients.weights[path];
  if (found === undefined) throw new Error(`${name} has no gradient of ${path}.`);
  return found;
}
