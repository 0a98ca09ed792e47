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
  type AttentionGolden,
  expectGolden,
  type GoldenResult,
  type InputSpec,
  inputOf,
} from "../helpers/golden.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { kept } from "../train/support.ts";

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
