import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as sl from "../../src/index.ts";
import { carryStates } from "../../src/layers/carried-states.ts";
import type { RecurrentLayer } from "../../src/layers/recurrent-layer.ts";
import { asList } from "../../src/layers/symbolic.ts";
import type { Tensor } from "../../src/tensor/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { wave } from "../helpers/golden.ts";
import { tolerances } from "../helpers/tolerances.ts";

const [B, T, I, H] = [9, 5, 3, 6];
const config = { units: H, returnSequences: true, returnState: true } as const;
type Inner = RecurrentLayer<"many">;
const CELLS: readonly {
  readonly name: string;
  readonly states: number;
  readonly make: (more?: object) => Inner;
}[] = [
  { name: "simpleRNN", states: 1, make: (more) => sl.layers.simpleRNN({ ...config, ...more }) },
  { name: "lstm", states: 2, make: (more) => sl.layers.lstm({ ...config, ...more }) },
  { name: "gru", states: 1, make: (more) => sl.layers.gru({ ...config, ...more }) },
  {
    name: "gru, reset before",
    states: 1,
    make: (more) => sl.layers.gru({ ...config, resetAfter: false, ...more }),
  },
];

const wavy = (shape: readonly number[], phase: number, scale = 1) =>
  sl.tensor(wave(shape, phase, scale), shape);
const x = () => sl.variable(wavy([B, T, I], 0.3), true, "x");
/** Gaps at both ends and in the middle; one row without a step. */
const mask = () =>
  sl.tensor(
    Array.from({ length: B * T }, (_, i) => (i < T || (i * 7) % 10 < 3 ? 0 : 1)),
    [B, T],
    "bool",
  );

function build<L extends sl.AnyLayer>(layer: L): L {
  layer.ensureBuilt([B, T, I]);
  layer.setWeights(layer.weights.map(({ shape }, i) => wavy(shape, 0.9 + i, 0.6)));
  return layer;
}

/** The two directions as layers of their own, with the weights of the bidirectional one. */
function apart(
  layer: sl.Layer<"many">,
  make: (more?: object) => Inner,
): { readonly forward: Inner; readonly backward: Inner } {
  const [forward, backward] = [
    build(make({ zeroOutputForMask: true })),
    build(make({ zeroOutputForMask: true, goBackwards: true })),
  ];
  const weights = layer.getWeights();
  forward.setWeights(weights.slice(0, weights.length / 2));
  backward.setWeights(weights.slice(weights.length / 2));
  return { forward, backward };
}

const lossOf = (results: readonly Tensor[]): Tensor =>
  results
    .map((one, i) => one.mul(wavy(one.shape, 1.1 + i)).sum())
    .reduce((total, one) => total.add(one));

/** Kernels of time loops in the plan of these tensors. */
async function loops(tensors: readonly Tensor[]): Promise<string[]> {
  const { dispatches } = await sl.explain(tensors);
  return dispatches.map(({ kernel }) => kernel).filter((name) => name.endsWith("_stream"));
}

describe.each(CELLS)("bidirectional $name, both directions in one op", ({ states, make }) => {
  const both = (more?: object) =>
    build(sl.layers.bidirectional({ layer: make(more) }) as unknown as sl.Layer<"many">);

  test.each([
    ["plain", {}],
    ["with a mask", { mask: true }],
    ["with initial states", { initial: true }],
    ["with a mask and initial states", { mask: true, initial: true }],
    ["with lengths and initial states", { lengths: true, initial: true }],
  ] as const)("equals two layers, %s", async (_, has) => {
    const layer = both();
    const { forward, backward } = apart(layer, make);
    const input = x();
    const given = Array.from({ length: 2 * states }, (_, i) => wavy([B, H], 0.2 * i));
    const lengths = Array.from({ length: B }, (_, row) => (row * 4) % (T + 1));
    const shared = {
      mask: "mask" in has ? mask() : null,
      ...("lengths" in has ? { sequenceLengths: lengths } : {}),
    };
    const initial = (from: number, to: number) =>
      "initial" in has ? { initialState: given.slice(from, to) } : {};
    const together = () => layer.apply(input, { ...shared, ...initial(0, 2 * states) });
    const separate = (): Tensor[] => {
      const [y, ...own] = forward.apply(input, { ...shared, ...initial(0, states) });
      const [yBack, ...ownBack] = backward.apply(input, {
        ...shared,
        ...initial(states, 2 * states),
      });
      return [sl.concat([y as Tensor, (yBack as Tensor).reverse(1)], 2), ...own, ...ownBack];
    };
    const results = together();
    const expected = separate();
    expect(results.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape));
    for (const [i, one] of results.entries()) {
      const label = `result ${i}`;
      const values = await (expected[i] as Tensor).data();
      expectClose(await one.data(), values, { ...tolerances.samePrecision, label });
    }
    const gradients = async (run: () => Tensor[], weights: readonly sl.Variable[]) => {
      const variables = [input, ...weights];
      const { grads } = sl.variableGrads(() => lossOf(run()), variables);
      return Promise.all(variables.map(({ name }) => (grads[name] as Tensor).data()));
    };
    const actual = await gradients(together, layer.trainableWeights);
    const wanted = await gradients(separate, [
      ...forward.trainableWeights,
      ...backward.trainableWeights,
    ]);
    actual.forEach((values, i) => {
      const label = `gradient ${i}`;
      expectClose(values, wanted[i] ?? [], { ...tolerances.recurrentGradient, label });
    });
    for (const one of [layer, forward, backward]) one.dispose();
  });

  beforeAll(() => sl.init({ kernels: { bothDirections: true } }));
  afterAll(() => sl.init({ kernels: {} }));

  test("runs one time loop forward and one backward", async () => {
    const layer = both();
    const input = x();
    expect(await loops(layer.apply(input))).toHaveLength(1);
    const { value, grads } = sl.variableGrads(() => lossOf(layer.apply(input)));
    expect(await loops([value, ...Object.values(grads)])).toHaveLength(2);
    layer.dispose();
  });

  test("runs two where dropout or another unit count sets the directions apart", async () => {
    const input = x();
    const drops = both({ dropout: 0.5 });
    expect(await loops(drops.apply(input, { training: true }))).toHaveLength(2);
    expect(await loops(drops.apply(input))).toHaveLength(1);
    const backwardLayer = make({ units: H + 1, goBackwards: true });
    const uneven = sl.layers.bidirectional({ layer: make(), backwardLayer });
    const results = asList(build(uneven).apply(input) as unknown as Tensor[]);
    expect(await loops(results)).toHaveLength(2);
    expect(results[0]?.shape).toEqual([B, T, 2 * H + 1]);
  });

  test.each([
    ["together", {}],
    ["each by itself, as another unit count asks", { units: H + 1 }],
  ])("takes the states that a model carries once: %s", async (_, more) => {
    const layer = build(
      sl.layers.bidirectional({
        layer: make(),
        backwardLayer: make({ goBackwards: true, ...more }),
      }) as unknown as sl.Layer<"many">,
    );
    const [first, second] = [wavy([B, T, I], 0.1), wavy([B, T, I], 0.4)];
    const begun = carryStates([], () => layer.apply(first));
    const carriedOn = carryStates(begun.states, () => layer.apply(second)[0] as Tensor);
    const initialState = layer.apply(first).slice(1);
    const expected = layer.apply(second, { initialState })[0] as Tensor;
    expectClose(await carriedOn.result.data(), await expected.data(), tolerances.samePrecision);
  });
});

describe("bidirectional", () => {
  test("runs two layers of other kinds, each by itself", async () => {
    const [layer, backwardLayer] = [
      sl.layers.lstm({ units: H }),
      sl.layers.gru({ units: H, goBackwards: true }),
    ];
    const both = build(sl.layers.bidirectional({ layer, backwardLayer }));
    const [forward, backward] = [
      build(sl.layers.lstm({ units: H })),
      build(sl.layers.gru({ units: H, goBackwards: true })),
    ];
    const weights = both.getWeights();
    forward.setWeights(weights.slice(0, 3));
    backward.setWeights(weights.slice(3));
    const input = x();
    const y = both.apply(input);
    expect(await loops([y])).toHaveLength(2);
    const expected = sl.concat([forward.apply(input), backward.apply(input)], 1);
    expectClose(await y.data(), await expected.data(), tolerances.samePrecision);
  });

  test("runs two ops unless the option bothDirections says otherwise", async () => {
    const layer = build(sl.layers.bidirectional({ layer: sl.layers.gru({ units: H }) }));
    expect(await loops([layer.apply(x())])).toHaveLength(2);
  });
});
