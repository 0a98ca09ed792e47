import { expect } from "vitest";
import { layers } from "../../src/layers/index.ts";
import type { Layer } from "../../src/layers/layer.ts";
import { tensor, variable, variableGrads } from "../../src/tensor/index.ts";
import type { Tolerance } from "../helpers/compare.ts";
import {
  type ConvolutionGolden,
  expectGolden,
  type InputSpec,
  inputOf,
} from "../helpers/golden.ts";
import { tolerances } from "../helpers/tolerances.ts";

/** The tensor of a golden input. */
export function inputTensor(spec: InputSpec | undefined) {
  if (spec === undefined) throw new Error("the case has no such input");
  return tensor(inputOf(spec), spec.shape);
}

/** The layer of a golden case, with its weights. */
export function goldenLayer(
  { layer, config, inputs }: ConvolutionGolden,
  more: object = {},
): Layer {
  const { x: _, bias, ...rest } = inputs;
  const useBias = !("useBias" in more) || more.useBias !== false;
  const weights = [rest.kernel, useBias ? bias : undefined].filter((spec) => spec !== undefined);
  const make = layers[layer] as (config: object) => Layer;
  return make({
    ...config,
    ...more,
    ...(weights.length > 0 && { weights: weights.map(inputTensor) }),
  });
}

/** Result and all gradients of a case, and the shape that is known beforehand. */
export async function checkGolden(golden: ConvolutionGolden, tolerance: Tolerance): Promise<void> {
  const layer = goldenLayer(golden);
  const x = variable(inputTensor(golden.inputs.x), true, "x");
  const factors = inputTensor(golden.lossWeights.y);
  const y = layer.apply(x);
  expect(y.shape).toEqual(golden.expected.y.shape);
  expect(layer.computeOutputShape([null, ...x.shape.slice(1)])).toEqual([
    null,
    ...y.shape.slice(1),
  ]);
  expectGolden(await y.data(), golden.expected.y, { ...tolerance, label: "y" });
  const total = () => layer.apply(x).mul(factors).sum();
  const { grads } = variableGrads(total, [x, ...layer.weights]);
  const names = Object.keys(golden.gradients);
  expect(Object.keys(grads)).toHaveLength(names.length);
  for (const [name, expected] of Object.entries(golden.gradients)) {
    const gradient = grads[name === "x" ? x.name : `${layer.name}/${name}`];
    if (gradient === undefined) throw new Error(`there is no gradient of ${name}`);
    expectGolden(await gradient.data(), expected, { ...tolerances.gradient, label: `d${name}` });
  }
  layer.dispose();
  x.dispose();
}
