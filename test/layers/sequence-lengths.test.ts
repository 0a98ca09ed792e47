import { describe, expect, test } from "vitest";
import * as sl from "../../src/index.ts";
import type { AnyLayer } from "../../src/layers/layer.ts";
import { maskOf } from "../../src/layers/masks.ts";
import { asList } from "../../src/layers/symbolic.ts";
import type { Tensor } from "../../src/tensor/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { wave } from "../helpers/golden.ts";
import { type ToleranceName, tolerances } from "../helpers/tolerances.ts";

// Three tiles of eight rows; of each length some, none and all steps among them, in no order.
const [B, T, I, H] = [19, 5, 3, 6];
const LENGTHS = Array.from({ length: B }, (_, row) => (row * 4) % (T + 1));
const maskData = LENGTHS.flatMap((length) =>
  Array.from({ length: T }, (_, t) => (t < length ? 1 : 0)),
);
const mask = () => sl.tensor(maskData, [B, T], "bool");

const config = { units: H, returnSequences: true, returnState: true } as const;
const wrapped = (layer: AnyLayer) => layer as unknown as sl.Layer<"many">;
const LAYERS: readonly { readonly name: string; readonly make: () => sl.Layer<"many"> }[] = [
  { name: "simpleRNN", make: () => sl.layers.simpleRNN(config) },
  { name: "lstm", make: () => sl.layers.lstm(config) },
  { name: "gru", make: () => sl.layers.gru(config) },
  { name: "gru, reset before", make: () => sl.layers.gru({ ...config, resetAfter: false }) },
  { name: "lstm backwards", make: () => sl.layers.lstm({ ...config, goBackwards: true }) },
  {
    name: "gru in plain operations",
    make: () => sl.layers.gru({ ...config, activation: (x: Tensor) => x.tanh() }),
  },
  {
    name: "bidirectional lstm",
    make: () => wrapped(sl.layers.bidirectional({ layer: sl.layers.lstm(config) })),
  },
];

/** x with this in place of what no row counts. */
function sequence(padding: number | null): sl.Variable {
  const values = Float32Array.from(wave([B, T, I], 0.3), (value, i) =>
    padding === null || maskData[Math.floor(i / I)] ? value : padding,
  );
  return sl.variable(sl.tensor(values, [B, T, I]), true, "x");
}

/** Outputs, states and gradients of weights and x, by name. */
async function runLayer(
  layer: sl.Layer<"many">,
  x: sl.Variable,
  options: Record<string, unknown>,
): Promise<{ outputs: Float32Array[]; dx: Float32Array; dWeights: Float32Array[] }> {
  const results = layer.apply(x, options);
  const outputs = await Promise.all(results.map((one) => one.data()));
  const loss = () =>
    asList(layer.apply(x, options))
      .map((one, i) => one.mul(sl.tensor(wave(one.shape, 1.1 + i), one.shape)).sum())
      .reduce((total, one) => total.add(one));
  const weights = layer.trainableWeights;
  const { grads } = sl.variableGrads(loss, [x, ...weights]);
  const read = async (variable: sl.Variable) =>
    (await (grads[variable.name] as Tensor).data()) as Float32Array;
  const dWeights: Float32Array[] = [];
  for (const weight of weights) dWeights.push(await read(weight));
  return { outputs: outputs as Float32Array[], dx: await read(x), dWeights };
}

function withWeights(layer: sl.Layer<"many">): sl.Layer<"many"> {
  layer.ensureBuilt([B, T, I]);
  layer.setWeights(
    layer.weights.map(({ shape }, i) => sl.tensor(wave(shape, 0.9 + i, 0.6), shape)),
  );
  return layer;
}

type Result = Awaited<ReturnType<typeof runLayer>>;

function expectSame(actual: Result, expected: Result, weights: ToleranceName): void {
  // Rows do not meet in the loop: theirs are the same bits in any order.
  actual.outputs.forEach((values, i) => {
    expectClose(values, expected.outputs[i] ?? [], { ...tolerances.exact, label: `output ${i}` });
  });
  expectClose(actual.dx, expected.dx, { ...tolerances.exact, label: "dx" });
  actual.dWeights.forEach((values, i) => {
    const label = `gradient of weight ${i}`;
    expectClose(values, expected.dWeights[i] ?? [], { ...tolerances[weights], label });
  });
}

describe.each(LAYERS)("sequenceLengths: $name", ({ make }) => {
  test("is the mask t < length, forward and backward", async () => {
    const [layer, x] = [withWeights(make()), sequence(null)];
    const masked = await runLayer(layer, x, { mask: mask() });
    const unmasked = await runLayer(layer, x, {});
    expect(unmasked.outputs[0]).not.toEqual(masked.outputs[0]);
    const inTensor = sl.tensor(LENGTHS, [B], "int32");
    expectSame(await runLayer(layer, x, { sequenceLengths: inTensor }), masked, "exact");
    // Sums over rows in another order.
    const onHost = await runLayer(layer, x, { sequenceLengths: LENGTHS });
    expectSame(onHost, masked, "recurrentGradient");
    const typed = await runLayer(layer, x, { sequenceLengths: Int32Array.from(LENGTHS) });
    expectSame(typed, onHost, "exact");
    layer.dispose();
  });

  test("lets NaN in the padding reach no state and no gradient", async () => {
    const layer = withWeights(make());
    const [clean, poisoned] = [sequence(0), sequence(Number.NaN)];
    for (const options of [{ sequenceLengths: LENGTHS }, { mask: mask() }]) {
      const expected = await runLayer(layer, clean, options);
      expectSame(await runLayer(layer, poisoned, options), expected, "exact");
    }
    layer.dispose();
  });
});

describe("sequenceLengths", () => {
  const lstm = () => sl.layers.lstm({ units: H, returnSequences: true, name: "cell" });

  test("goes on from initial states, each row from its own", async () => {
    const layer = withWeights(sl.layers.lstm(config));
    const initialState = [0.4, 0.8].map((phase) => sl.tensor(wave([B, H], phase), [B, H]));
    const x = sequence(null);
    const masked = layer.apply(x, { mask: mask(), initialState });
    const given = layer.apply(x, { sequenceLengths: LENGTHS, initialState });
    for (const [i, one] of given.entries()) {
      expect(await one.data()).toEqual(await (masked[i] as Tensor).data());
    }
    layer.dispose();
  });

  test("travels on as a mask", async () => {
    const y = lstm().apply(sequence(null), { sequenceLengths: LENGTHS });
    expect(await (maskOf(y) as Tensor).data()).toEqual(Uint8Array.from(maskData));
  });

  test("may be an input of a functional model", async () => {
    const x = sl.input({ shape: [T, I] });
    const lengths = sl.input({ shape: [], dtype: "int32" });
    const layer = lstm();
    const y = layer.apply(x, { sequenceLengths: lengths });
    const model = sl.model({ inputs: [x, lengths], outputs: y });
    const data = sequence(null);
    const given = sl.tensor(LENGTHS, [B], "int32");
    const predicted = (await model.predict([data, given])) as Tensor;
    const expected = layer.apply(data, { mask: mask() });
    expectClose(await predicted.data(), await expected.data(), tolerances.exact);
    model.dispose();
  });

  test("other lengths need no other plan", async () => {
    const layer = lstm();
    const x = sequence(null);
    for (let i = 0; i < 3; i++) await layer.apply(x, { sequenceLengths: LENGTHS }).data();
    const before = sl.counters();
    await layer.apply(x, { sequenceLengths: LENGTHS.map((length) => T - length) }).data();
    await layer.apply(x, { sequenceLengths: LENGTHS.map(() => T) }).data();
    const after = sl.counters();
    expect(after.plansCreated).toBe(before.plansCreated);
    expect(after.pipelinesCreated).toBe(before.pipelinesCreated);
  });

  test("says what does not fit", () => {
    const layer = lstm();
    const x = sequence(null);
    const run =
      (sequenceLengths: unknown, more: object = {}) =>
      () =>
        layer.apply(x, { sequenceLengths: sequenceLengths as number[], ...more });
    const changed = (length: number) => LENGTHS.map((old, row) => (row === 7 ? length : old));
    expect(run(changed(T + 1))).toThrow(sl.ArgumentError);
    expect(run(changed(T + 1))).toThrow(/cell: sequenceLengths has 6 for row 7.*from 0 to 5/);
    expect(run(changed(-1))).toThrow(/has -1 for row 7/);
    expect(run(changed(1.5))).toThrow(/has 1.5 for row 7/);
    expect(run(changed(Number.NaN))).toThrow(/has NaN for row 7/);
    expect(run([1, 2])).toThrow(sl.ShapeError);
    expect(run([1, 2])).toThrow(/sequenceLengths of shape \[2\]. Expected \[19\]/);
    expect(run(sl.zeros([2], "int32"))).toThrow(sl.ShapeError);
    expect(run(sl.zeros([B]))).toThrow(sl.DTypeError);
    expect(run("all")).toThrow(sl.ArgumentError);
    expect(run(LENGTHS, { mask: mask() })).toThrow(sl.ArgumentError);
    expect(run(LENGTHS, { mask: mask() })).toThrow(/sequenceLengths and a mask/);
    expect(run(LENGTHS, { mask: null })).not.toThrow();
  });
});
