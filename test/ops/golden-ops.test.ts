import * as sl from "sluice";
import { describe, expect, test } from "vitest";
import { ops } from "../../src/ops/index.ts";
import {
  expectGolden,
  type GoldenResult,
  type InputSpec,
  inputOf,
  loadOpGoldens,
  type OpGolden,
} from "../helpers/golden.ts";
import { type ToleranceName, tolerances } from "../helpers/tolerances.ts";

type Inputs = Readonly<Record<string, sl.Tensor>>;
type Attributes = OpGolden["attributes"];

/** How each op of the goldens is written here. */
interface Case {
  readonly tolerance: ToleranceName;
  readonly run: (inputs: Inputs, attributes: Attributes) => sl.Tensor;
}

const of = (inputs: Inputs, name: string): sl.Tensor => {
  const tensor = inputs[name];
  if (tensor === undefined) throw new RangeError(`the golden has no ${name}`);
  return tensor;
};

const elementwise = (call: (x: sl.Tensor) => sl.Tensor): Case => ({
  tolerance: "transcendental",
  run: (inputs) => call(of(inputs, "x")),
});

const CASES: Readonly<Record<string, Case>> = {
  softplus: elementwise(sl.softplus),
  sigmoid: elementwise(sl.sigmoid),
  tanh: elementwise(sl.tanh),
  erf: elementwise(sl.erf),
  elu: elementwise(sl.elu),
  selu: elementwise(sl.selu),
  softmax: {
    tolerance: "softmax",
    run: (inputs, { axis }) => sl.softmax(of(inputs, "x"), Number(axis)),
  },
  logSoftmax: {
    tolerance: "logSoftmax",
    run: (inputs, { axis }) => sl.logSoftmax(of(inputs, "x"), Number(axis)),
  },
  logSumExp: {
    tolerance: "logSoftmax",
    run: (inputs, { axis }) => sl.logSumExp(of(inputs, "x"), Number(axis)),
  },
  cumsum: {
    tolerance: "reduction",
    run: (inputs, { axis, exclusive, reverse }) =>
      sl.cumsum(of(inputs, "x"), Number(axis), exclusive === true, reverse === true),
  },
  rmsNorm: {
    tolerance: "normalization",
    run: (inputs, { epsilon }) => {
      const [x, gamma] = [of(inputs, "x").value, of(inputs, "gamma").value];
      return sl.Tensor.of(ops.rmsNorm(x, gamma, Number(epsilon)));
    },
  },
  layerNorm: {
    tolerance: "normalization",
    run: (inputs, { epsilon }) => {
      const [x, gamma, beta] = ["x", "gamma", "beta"].map((name) => of(inputs, name).value);
      if (!x || !gamma || !beta) throw new RangeError("layerNorm takes three inputs");
      return sl.Tensor.of(ops.layerNorm(x, gamma, beta, Number(epsilon)));
    },
  },
  matMul: {
    tolerance: "matMul",
    run: (inputs, { transposeA, transposeB }) =>
      sl.matMul(of(inputs, "a"), of(inputs, "b"), transposeA === true, transposeB === true),
  },
  embedding: {
    tolerance: "arithmetic",
    run: (inputs) => sl.gather(of(inputs, "table"), of(inputs, "ids").toInt()),
  },
  attention: { tolerance: "attention", run: attention },
};

/** softmax(q·kᵀ/√d + bias)·v from single ops; rows without a key give zeros. */
function attention(inputs: Inputs, { causal }: Attributes): sl.Tensor {
  const [query, key, value] = [of(inputs, "query"), of(inputs, "key"), of(inputs, "value")];
  const [batch = 1, heads = 1, time = 1, width = 1] = query.shape;
  const [, , source = 1] = key.shape;
  const grouped = (x: sl.Tensor): sl.Tensor => x.broadcastTo([batch, heads, source, width]);
  let scores = sl.matMul(query, grouped(key), false, true).div(Math.sqrt(width)); // [B, N, T, S]
  if (inputs.bias) scores = scores.add(inputs.bias);
  let isSeen = sl.ones([batch, 1, time, source], "bool");
  if (causal) {
    isSeen = isSeen.logicalAnd(sl.range(0, time).expandDims(1).greaterEqual(sl.range(0, source)));
  }
  if (inputs.keyMask) {
    isSeen = isSeen.logicalAnd(inputs.keyMask.notEqual(0).reshape([batch, 1, 1, source]));
  }
  const weights = sl.softmax(sl.where(isSeen, scores, -1e9)); // [B, N, T, S]
  const hasKey = isSeen.any(-1, true);
  return sl.matMul(sl.where(hasKey, weights, 0), grouped(value)); // [B, N, T, D]
}

describe("ops against PyTorch in float64", () => {
  const goldens = loadOpGoldens().filter(({ op }) => op in CASES);

  test("there are goldens of every op that is written here", () => {
    expect(new Set(goldens.map(({ op }) => op))).toEqual(new Set(Object.keys(CASES)));
  });

  test.each(goldens)("$name", async (golden) => {
    const { tolerance, run } = caseOf(golden);
    const inputs = Object.fromEntries(
      Object.entries(golden.inputs).map(([name, spec]) => [name, tensorOf(spec)]),
    );
    const names = Object.keys(golden.gradients);
    const { value, grads } = sl.valueAndGrads((...xs) =>
      run(
        { ...inputs, ...Object.fromEntries(names.map((name, i) => [name, xs[i]])) } as Inputs,
        golden.attributes,
      ),
    )(
      names.map((name) => of(inputs, name)),
      tensorOf(golden.lossWeights.y),
    );
    expect(value.shape).toEqual(golden.expected.y.shape);
    expectGolden(await value.data(), golden.expected.y, tolerances[tolerance]);
    for (const [i, name] of names.entries()) {
      const expected = golden.gradients[name] as GoldenResult;
      const actual = await (grads[i] as sl.Tensor).data();
      expectGolden(actual, expected, { ...tolerances.gradient, label: `gradient of ${name}` });
    }
  });
});

function caseOf({ op }: OpGolden): Case {
  const found = CASES[op];
  if (found === undefined) throw new RangeError(`no case of ${op}`);
  return found;
}

function tensorOf(spec: InputSpec): sl.Tensor {
  return sl.tensor(inputOf(spec), spec.shape);
}
