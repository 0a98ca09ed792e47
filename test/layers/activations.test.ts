import { describe, expect, test } from "vitest";
import { ArgumentError } from "../../src/errors.ts";
import { type ActivationName, getActivation } from "../../src/layers/activation-names.ts";
import { layers } from "../../src/layers/index.ts";
import { mul, sum, type Tensor, tensor, variable, variableGrads } from "../../src/tensor/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { expectGolden, inputOf, loadOpGoldens } from "../helpers/golden.ts";
import { tolerances } from "../helpers/tolerances.ts";

const points = [-100, -8, -3.5, -3, -1, -0.25, 0, 0.25, 1, 2.5, 3, 6.5, 9];
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const clamp = (x: number, low: number, high: number) => Math.min(Math.max(x, low), high);

// The definitions of keras.activations, in double precision.
const formulas: Partial<Record<ActivationName, (x: number) => number>> = {
  linear: (x) => x,
  relu: (x) => Math.max(x, 0),
  relu6: (x) => clamp(x, 0, 6),
  leaky_relu: (x) => (x > 0 ? x : 0.2 * x),
  elu: (x) => (x > 0 ? x : Math.expm1(x)),
  softplus: (x) => Math.log1p(Math.exp(-Math.abs(x))) + Math.max(x, 0),
  softsign: (x) => x / (1 + Math.abs(x)),
  tanh: Math.tanh,
  sigmoid,
  hard_sigmoid: (x) => clamp(x + 3, 0, 6) / 6,
  exponential: Math.exp,
  swish: (x) => x * sigmoid(x),
  silu: (x) => x * sigmoid(x),
  mish: (x) => x * Math.tanh(Math.log1p(Math.exp(-Math.abs(x))) + Math.max(x, 0)),
};

describe("activations", () => {
  test.each(Object.keys(formulas) as ActivationName[])("%s is Keras's formula", async (name) => {
    const y = await layers.activation({ activation: name }).apply(tensor(points)).data();
    const formula = formulas[name] ?? Number;
    expectClose(y, points.map(formula), tolerances.transcendental);
  });

  const goldens = (["gelu", "elu", "selu", "silu", "softplus", "softmax", "logSoftmax"] as const)
    .flatMap((op) => loadOpGoldens(op))
    .filter(({ attributes }) => (attributes.axis ?? -1) === -1);

  test.each(goldens)("$name equals PyTorch, with its gradient", async (golden) => {
    const spec = golden.inputs.x;
    if (!spec) throw new Error("the golden has no x");
    const name = golden.attributes.approximate === true ? "gelu_new" : golden.op;
    const activation = getActivation(name as ActivationName);
    const x = variable(tensor(inputOf(spec), spec.shape), true, "x");
    const softened = golden.op.endsWith("oftmax")
      ? tolerances.logSoftmax
      : tolerances.transcendental;
    expectGolden(await activation(x).data(), golden.expected.y, softened);
    const weights = golden.lossWeights.y;
    const loss = () => sum(mul(activation(x), tensor(inputOf(weights), weights.shape)));
    const { grads } = variableGrads(loss, [x]);
    const expected = golden.gradients.x;
    if (!expected) throw new Error("the golden has no gradient of x");
    expectGolden(await (grads.x as Tensor).data(), expected, tolerances.gradient);
    x.dispose();
  });

  test("gradients stay finite where the branch that is not taken overflows", async () => {
    for (const name of ["elu", "selu", "softplus", "mish", "swish", "gelu", "gelu_new"] as const) {
      const x = variable(tensor([-200, 200]), true, "x");
      const { grads } = variableGrads(() => sum(getActivation(name)(x)), [x]);
      const gradient = await (grads.x as Tensor).data();
      expect([...gradient].every(Number.isFinite), name).toBe(true);
      x.dispose();
    }
  });

  test("may be functions, but these have no place in a config", () => {
    const layer = layers.activation({ activation: (x) => x.square() });
    expect(() => layer.getConfig()).toThrow(ArgumentError);
  });

  test("an unknown name gets the nearest", () => {
    expect(() => layers.dense({ units: 1, activation: "rellu" as "relu" })).toThrow(
      /activation: there is no "rellu". Did you mean "relu"\?/,
    );
  });
});
