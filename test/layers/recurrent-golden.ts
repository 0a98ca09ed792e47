import { expect } from "vitest";
import type { RecurrentLayer } from "../../src/layers/recurrent-layer.ts";
import {
  add,
  mul,
  sum,
  type Tensor,
  tensor,
  type Variable,
  variable,
  variableGrads,
} from "../../src/tensor/index.ts";
import { expectGolden, type InputSpec, inputOf, type RecurrentGolden } from "../helpers/golden.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { makeWithState } from "./recurrent-makers.ts";

type Results = Readonly<Record<string, Tensor>>;

const asVariable = (spec: InputSpec, name: string): Variable =>
  variable(tensor(inputOf(spec), spec.shape), true, name);

/** The layer of a golden. With `plain` its activations are functions of ours: no fused op. */
function layerOf(golden: RecurrentGolden, plain: boolean): RecurrentLayer<"many"> {
  const activation = golden.activation;
  return makeWithState(golden.layer, {
    name: `${golden.layer}_golden`,
    units: golden.units,
    activation: plain ? (x: Tensor) => x[activation]() : activation,
    returnSequences: golden.returnSequences,
    goBackwards: golden.goBackwards,
    zeroOutputForMask: golden.zeroOutputForMask,
    resetAfter: golden.resetAfter ?? true,
  });
}

/** Outputs, states and all gradients of a golden, by the fused op or (`plain`) step by step. */
export async function expectGoldenLayer(
  golden: RecurrentGolden,
  { plain }: { plain: boolean },
): Promise<void> {
  const layer = layerOf(golden, plain);
  const { x, kernel, recurrentKernel, bias, h0, c0 } = golden.inputs;
  layer.build([golden.batch, golden.time, golden.features]);
  const weights = [kernel, recurrentKernel, bias];
  layer.setWeights(weights.map((spec) => tensor(inputOf(spec), spec.shape)));
  const inputs: Record<string, Variable> = {
    kernel: layer.weight("kernel"),
    recurrentKernel: layer.weight("recurrent_kernel"),
    bias: layer.weight("bias"),
    x: asVariable(x, "x"),
  };
  if (h0) inputs.h0 = asVariable(h0, "h0");
  if (c0) inputs.c0 = asVariable(c0, "c0");
  const mask = golden.mask && tensor(inputOf(golden.mask), golden.mask.shape, "bool");
  const initialState = [inputs.h0, inputs.c0].filter((one) => one !== undefined);

  const run = (): Results => {
    const [y, h, c] = layer.apply(inputs.x as Variable, {
      mask: mask ?? null,
      ...(initialState.length > 0 ? { initialState } : {}),
    });
    return { y: y as Tensor, h: h as Tensor, ...(c ? { c } : {}) };
  };
  const weighted = (results: Results): Tensor =>
    Object.entries(golden.lossWeights)
      .map(([key, spec]) => sum(mul(results[key] as Tensor, tensor(inputOf(spec), spec.shape))))
      .reduce((total, one) => add(total, one));

  const results = run();
  for (const [key, expected] of Object.entries(golden.expected)) {
    const actual = results[key] as Tensor;
    expect(actual.shape, key).toEqual(expected.shape);
    expectGolden(await actual.data(), expected, { ...tolerances.recurrent, label: key });
  }
  const { grads } = variableGrads(() => weighted(run()), Object.values(inputs));
  for (const [key, expected] of Object.entries(golden.gradients)) {
    const actual = grads[(inputs[key] as Variable).name] as Tensor;
    const label = `gradient of ${key}`;
    expectGolden(await actual.data(), expected, { ...tolerances.recurrentGradient, label });
  }
  layer.dispose();
  for (const one of Object.values(inputs)) one.dispose();
}
