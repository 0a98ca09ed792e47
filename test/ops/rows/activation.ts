import * as sl from "sluice";
import { binaryRow, floats, given, ints, type Row, unaryRow } from "../row.ts";

const elu = (x: number): number => (x > 0 ? x : Math.expm1(x));

export const activationRows: Readonly<Record<string, Row>> = {
  tanh: unaryRow(sl.tanh, { tolerance: "transcendental", element: Math.tanh }),
  sigmoid: unaryRow(sl.sigmoid, {
    tolerance: "transcendental",
    element: (x) => 1 / (1 + Math.exp(-x)),
  }),
  logSigmoid: unaryRow(sl.logSigmoid, {
    tolerance: "transcendental",
    element: (x) => -Math.log1p(Math.exp(-x)),
  }),
  softplus: unaryRow(sl.softplus, {
    tolerance: "transcendental",
    element: (x) => Math.log1p(Math.exp(x)),
  }),
  relu: unaryRow(sl.relu, {
    tolerance: "exact",
    element: (x) => Math.max(0, x),
    samples: [{ inputs: [ints([7])], run: (x) => sl.relu(given(x)) }],
  }),
  relu6: unaryRow(sl.relu6, {
    tolerance: "exact",
    element: (x) => Math.min(6, Math.max(0, x)),
    at: (i) => 8 * Math.sin(i + 0.3),
  }),
  leakyRelu: unaryRow(sl.leakyRelu, {
    tolerance: "arithmetic",
    element: (x) => (x > 0 ? x : 0.2 * x),
    samples: [
      { label: "alpha 0.5", inputs: [floats([7])], run: (x) => sl.leakyRelu(given(x), 0.5) },
    ],
  }),
  prelu: binaryRow(sl.prelu, {
    tolerance: "arithmetic",
    element: (x, alpha) => (x > 0 ? x : alpha * x),
  }),
  elu: unaryRow(sl.elu, { tolerance: "transcendental", element: elu }),
  selu: unaryRow(sl.selu, {
    tolerance: "transcendental",
    // Klambauer et al. 2017, equation 2 with the constants of section 2.
    element: (x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x)),
  }),
  step: unaryRow(sl.step, {
    tolerance: "exact",
    element: (x) => (x > 0 ? 1 : 0),
    differentiable: false,
    samples: [{ label: "alpha 0.5", inputs: [floats([7])], run: (x) => sl.step(given(x), 0.5) }],
  }),
};
