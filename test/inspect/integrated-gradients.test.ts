import * as sl from "sluice";
import { describe, expect, test } from "vitest";
import { gaussLegendre } from "../../src/inspect/gauss-legendre.ts";
import { expectClose } from "../helpers/compare.ts";
import { expectGolden, inputOf } from "../helpers/golden.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { goldenModel, loadFlowGoldens } from "./inspect-golden.ts";

const whole = loadFlowGoldens().filter(({ integrated }) => integrated !== undefined);

/** Two numbers of each sample [2, 3]: linear, so that its integrated gradients are known. */
function linearModel(): sl.Sequential {
  const net = sl.sequential({
    layers: [sl.layers.flatten({ inputShape: [2, 3] }), sl.layers.dense({ units: 2 })],
  });
  const kernel = [1, 10, 2, 20, 3, 30, 4, 40, 5, 50, 6, 60];
  net.setWeights([sl.tensor2d(kernel, [6, 2]), sl.tensor1d([7, 8])]);
  return net;
}

describe("integratedGradients", () => {
  // test/golden/gradient_flow.py: PyTorch's gradients in float64, NumPy's Gauss-Legendre rule.
  test.each(whole)("are those of PyTorch: $name", async (golden) => {
    const { net, x } = goldenModel(golden);
    const spec = golden.baseline;
    const baseline = spec && sl.tensor(inputOf(spec), spec.shape);
    const found = await sl.inspect.integratedGradients(net, x, { ...(baseline && { baseline }) });
    const { attributions, output, baselineOutput } = golden.integrated ?? {};
    if (!attributions || !output || !baselineOutput) throw new Error("no golden");
    expect(found.shape).toEqual(attributions.shape);
    expectGolden(found.attributions, attributions, tolerances.recurrentGradient);
    expectGolden(found.output, output, tolerances.recurrent);
    expectGolden(found.baselineOutput, baselineOutput, tolerances.recurrent);
    expect(found.gap).toBeLessThan(1e-4);
    net.dispose();
  });

  test("of a linear model are weight times distance from the baseline", async () => {
    const net = linearModel();
    const x = [
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
    ];
    const settings = {
      baseline: [
        [1, 1, 1],
        [1, 1, 1],
      ],
      target: 1,
      steps: 1,
    };
    const found = await sl.inspect.integratedGradients(net, x, settings);
    net.dispose();
    // (x - 1) · 10 k for k = 1 … 6; 8 + Σ 10 k x, 8 + Σ 10 k.
    expect([...found.attributions]).toEqual([0, 20, 60, 120, 200, 300]);
    expect([...found.output, ...found.baselineOutput]).toEqual([918, 218]);
    expect([found.shape, found.gap]).toEqual([[1, 2, 3], 0]);
  });

  test("are the same in batches of any size", async () => {
    const [golden] = whole;
    if (!golden) throw new Error("no golden");
    const { net, x } = goldenModel(golden);
    const at = async (batchSize: number) =>
      (await sl.inspect.integratedGradients(net, x, { steps: 10, batchSize })).attributions;
    const once = await at(1000);
    for (const batchSize of [1, 7, 12]) {
      expectClose(await at(batchSize), once, tolerances.recurrentGradient);
    }
    net.dispose();
  });

  test("take few runs: the points of a batch go through one plan", async () => {
    const [golden] = whole;
    if (!golden) throw new Error("no golden");
    const { net, x } = goldenModel(golden);
    const look = () => sl.inspect.integratedGradients(net, x, { batchSize: 48 });
    await look();
    const before = sl.counters();
    await look();
    const after = sl.counters();
    net.dispose();
    // 64 points, 16 of 3 samples at once: 4 runs, one for both ends, one for the product and the readback, and x - x.
    expect(after.readbacks - before.readbacks).toBeLessThanOrEqual(3);
    expect(after.submits - before.submits).toBeLessThanOrEqual(8);
  });

  test("explain what a function makes of the output", async () => {
    const net = linearModel();
    const x = sl.ones([1, 2, 3]);
    const target = (output: sl.Tensor) => output.sum(1);
    const { attributions } = await sl.inspect.integratedGradients(net, x, { target });
    net.dispose();
    expectClose(attributions, [11, 22, 33, 44, 55, 66], tolerances.arithmetic);
  });

  test("of a stateful model begin at its state, and leave it", async () => {
    const config = { units: 2, stateful: true, batchInputShape: [1, 3, 1] };
    const net = sl.sequential({ layers: [sl.layers.lstm(config), sl.layers.dense({ units: 1 })] });
    const x = sl.tensor3d([[[1], [2], [3]]]);
    await net.predict(x).data();
    const stateOf = async () =>
      Promise.all([...net.statesByPath().values()].map(async (one) => [...(await one.data())]));
    const before = await stateOf();
    const { gap } = await sl.inspect.integratedGradients(net, x);
    expect(await stateOf()).toEqual(before);
    expect(before.flat().some((one) => one !== 0)).toBe(true);
    expect(gap).toBeLessThan(0.01);
    net.dispose();
  });
});

describe("gaussLegendre", () => {
  // Abramowitz and Stegun, table 25.4, n = 3 on [-1, 1]: 0 and ±0.774596669241483, weights 8/9 and 5/9.
  test("has the nodes and weights of the tables", () => {
    const { nodes, weights } = gaussLegendre(3);
    const x = 0.774596669241483;
    expect(nodes.map((node) => 2 * node - 1)).toEqual(
      [-x, 0, x].map((one) => expect.closeTo(one, 14)),
    );
    expect(weights).toEqual([5 / 18, 8 / 18, 5 / 18].map((one) => expect.closeTo(one, 14)));
  });

  test.each([1, 2, 16, 64, 301])("with %i points is exact for polynomials", (n) => {
    const { nodes, weights } = gaussLegendre(n);
    for (const degree of [0, 1, 2 * n - 1]) {
      const sum = nodes.reduce((total, x, i) => total + (weights[i] ?? 0) * x ** degree, 0);
      expect(sum * (degree + 1)).toBeCloseTo(1, 9);
    }
  });
});
