import { describe, expect, test } from "vitest";
import { ArgumentError, ShapeError } from "../../src/errors.ts";
import { layers } from "../../src/layers/index.ts";
import type { RecurrentLayer } from "../../src/layers/recurrent-layer.ts";
import { compile, concat, ones, type Tensor, tensor, zeros } from "../../src/tensor/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { wave } from "../helpers/golden.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { makeRecurrent, makeWithState, recurrentNames } from "./recurrent-makers.ts";

const [B, T, I, H] = [2, 6, 3, 4];
const sequence = (phase = 0.3, time = T) => tensor(wave([B, time, I], phase), [B, time, I]);

/** Weights that differ in every place, the same for every layer of a shape. */
function withWeights<L extends RecurrentLayer<"one"> | RecurrentLayer<"many">>(layer: L): L {
  layer.build([B, T, I]);
  layer.setWeights(layer.weights.map(({ shape }, i) => tensor(wave(shape, 0.9 + i, 0.6), shape)));
  return layer;
}

const same = async (actual: Tensor, expected: Tensor) => {
  expect(actual.shape).toEqual(expected.shape);
  expectClose(await actual.data(), await expected.data(), tolerances.samePrecision);
};

describe.each(recurrentNames)("%s", (name) => {
  test("returns the last step, or all of them, and the state", async () => {
    const all = withWeights(makeWithState(name, { units: H, returnSequences: true }));
    const last = withWeights(makeRecurrent(name, { units: H }));
    const [y, h] = all.apply(sequence());
    expect(y?.shape).toEqual([B, T, H]);
    const lastStep = (y as Tensor).slice([0, T - 1, 0], [B, 1, H]).reshape([B, H]);
    await same(last.apply(sequence()), lastStep);
    await same(h as Tensor, lastStep);
  });

  test("goes on from an initial state as if it had not stopped", async () => {
    const layer = withWeights(makeWithState(name, { units: H, returnSequences: true }));
    const x = sequence();
    const [whole] = layer.apply(x);
    const [first, ...states] = layer.apply(x.slice([0, 0, 0], [B, 2, I]));
    const rest = x.slice([0, 2, 0], [B, T - 2, I]);
    const [second] = layer.apply(rest, { initialState: states });
    await same(concat([first as Tensor, second as Tensor], 1), whole as Tensor);
    // TF.js writes the states into the list of inputs.
    const [listed] = layer.apply([rest, ...states]);
    await same(listed as Tensor, second as Tensor);
  });

  test("stateful: batches go on from one another until resetStates", async () => {
    const plain = withWeights(makeRecurrent(name, { units: H, returnSequences: true }));
    const layer = withWeights(
      makeRecurrent(name, { units: H, returnSequences: true, stateful: true }),
    );
    const x = sequence();
    const whole = plain.apply(x);
    const parts = [0, 3].map((t) => layer.apply(x.slice([0, t, 0], [B, 3, I])));
    await same(concat(parts, 1), whole);
    layer.resetStates();
    await same(layer.apply(x.slice([0, 0, 0], [B, 3, I])), whole.slice([0, 0, 0], [B, 3, H]));
    layer.dispose();
  });

  test("stateful in a compiled function: every replay goes on", async () => {
    const plain = withWeights(makeRecurrent(name, { units: H, returnSequences: true }));
    const layer = withWeights(
      makeRecurrent(name, { units: H, returnSequences: true, stateful: true }),
    );
    const step = compile((x: Tensor) => layer.apply(x));
    const x = sequence();
    const parts = [0, 2, 4].map((t) => step(x.slice([0, t, 0], [B, 2, I])) as Tensor);
    await same(concat(parts, 1), plain.apply(x));
    step.dispose();
    layer.dispose();
  });

  test("goBackwards reads the end first and gives its output first", async () => {
    const forward = withWeights(makeRecurrent(name, { units: H, returnSequences: true }));
    const backward = withWeights(
      makeRecurrent(name, { units: H, returnSequences: true, goBackwards: true }),
    );
    await same(backward.apply(sequence()), forward.apply(sequence().reverse(1)));
  });

  test("a mask of padding at the end, even NaN, equals the shorter sequence", async () => {
    const layer = withWeights(makeWithState(name, { units: H }));
    const short = sequence(0.3, 4);
    const padding = tensor(new Float32Array(B * 2 * I).fill(Number.NaN), [B, 2, I]);
    const mask = concat([ones([B, 4], "bool"), zeros([B, 2], "bool")], 1);
    const padded = layer.apply(concat([short, padding], 1), { mask });
    const expected = layer.apply(short);
    for (const [i, result] of padded.entries()) await same(result, expected[i] as Tensor);
  });

  test("step by step gives what the fused op gives", async () => {
    const config = { units: H, returnSequences: true } as const;
    const fused = withWeights(makeRecurrent(name, config));
    const plain = withWeights(
      makeRecurrent(name, { ...config, activation: (x: Tensor) => x.tanh() }),
    );
    await same(plain.apply(sequence()), fused.apply(sequence()));
  });

  test("without a bias is the layer with a bias of zeros", async () => {
    const layer = withWeights(makeRecurrent(name, { units: H, useBias: false }));
    const zero = withWeights(makeRecurrent(name, { units: H }));
    const [kernel, recurrentKernel, bias] = zero.weights;
    if (!kernel || !recurrentKernel || !bias) throw new Error("three weights are expected");
    zero.setWeights([...layer.getWeights(), zeros(bias.shape)]);
    await same(layer.apply(sequence()), zero.apply(sequence()));
  });

  test("says what does not fit", () => {
    const layer = withWeights(makeRecurrent(name, { units: H, name: "cell" }));
    expect(() => layer.apply(ones([B, I]))).toThrow(
      /cell: input has shape \[2,3\]. Expected 3 axes/,
    );
    expect(() => layer.apply(ones([B, T, 5]))).toThrow(/size 3 on axis -1.*received 5/);
    const mask = ones([B, 3], "bool");
    expect(() => layer.apply(sequence(), { mask })).toThrow(ShapeError);
    expect(() => layer.apply(sequence(), { mask })).toThrow(
      /mask of shape \[2,3\]. Expected \[2,6\]/,
    );
    const wide = name === "lstm" ? [ones([B, 5]), ones([B, 5])] : [ones([B, 5])];
    expect(() => layer.apply(sequence(), { initialState: wide })).toThrow(
      /\[2,5\]. Expected \[2,4\]/,
    );
    const three = [1, 2, 3].map(() => ones([B, H]));
    expect(() => layer.apply(sequence(), { initialState: three })).toThrow(/received 3 states/);
    expect(() => makeRecurrent(name, { units: -1 })).toThrow(ArgumentError);
    expect(() => makeRecurrent(name, { units: 1, dropout: 1 })).toThrow(/dropout is 1/);
    expect(() => makeRecurrent(name, { units: 1, stateful: true }).build([null, T, I])).toThrow(
      /stateful/,
    );
  });

  test("stateful: wants batches of one size", () => {
    const layer = withWeights(makeRecurrent(name, { units: H, stateful: true, name: "cell" }));
    expect(() => layer.apply(ones([B + 1, T, I]))).toThrow(ShapeError);
    expect(() => layer.apply(ones([B + 1, T, I]))).toThrow(
      /cell: received a batch of 3.*states of 2/,
    );
    layer.dispose();
  });
});

describe("lstm", () => {
  test("takes other activations", async () => {
    const layer = withWeights(
      layers.lstm({ units: H, activation: "relu", recurrentActivation: "hardSigmoid" }),
    );
    // The equations in double precision, gates i, f, c, o.
    const at = (values: Float32Array, i: number) => Number(values[i]);
    const shapes = { x: [B, T, I], kernel: [I, 4 * H], recurrent: [H, 4 * H], bias: [4 * H] };
    const [x, k, r, b] = [
      wave(shapes.x, 0.3),
      wave(shapes.kernel, 0.9, 0.6),
      wave(shapes.recurrent, 1.9, 0.6),
      wave(shapes.bias, 2.9, 0.6),
    ];
    const hard = (v: number) => Math.min(Math.max(v + 3, 0), 6) / 6;
    const relu = (v: number) => Math.max(v, 0);
    const expected: number[] = [];
    for (let row = 0; row < B; row++) {
      let [h, c] = [new Array<number>(H).fill(0), new Array<number>(H).fill(0)];
      for (let t = 0; t < T; t++) {
        const a = Array.from({ length: 4 * H }, (_, column) => {
          let total = at(b, column);
          for (let i = 0; i < I; i++)
            total += at(x, (row * T + t) * I + i) * at(k, i * 4 * H + column);
          return h.reduce((sum, one, u) => sum + one * at(r, u * 4 * H + column), total);
        });
        const gate = (g: number, u: number) => Number(a[g * H + u]);
        c = c.map((old, u) => hard(gate(1, u)) * old + hard(gate(0, u)) * relu(gate(2, u)));
        h = c.map((one, u) => hard(gate(3, u)) * relu(one));
      }
      expected.push(...h);
    }
    expectClose(await layer.apply(sequence()).data(), expected, tolerances.recurrent);
  });
});

describe("bidirectional", () => {
  const config = { units: H, returnSequences: true } as const;
  const bothOf = (mergeMode: "concat" | "sum" | "mul" | "ave") => {
    const layer = layers.bidirectional({ layer: layers.gru(config), mergeMode });
    layer.ensureBuilt([B, T, I]);
    layer.setWeights(layer.weights.map(({ shape }, i) => tensor(wave(shape, 0.9 + i, 0.6), shape)));
    return layer;
  };
  /** The two directions on their own, each in the order of the input. */
  const apart = (layer: ReturnType<typeof bothOf>): [Tensor, Tensor] => {
    const [forward, backward] = [layers.gru(config), layers.gru({ ...config, goBackwards: true })];
    const weights = layer.getWeights();
    for (const one of [forward, backward]) one.build([B, T, I]);
    forward.setWeights(weights.slice(0, 3));
    backward.setWeights(weights.slice(3));
    return [forward.apply(sequence()), backward.apply(sequence()).reverse(1)];
  };

  test("joins the two directions as mergeMode says", async () => {
    const [f, b] = apart(bothOf("concat"));
    await same(bothOf("concat").apply(sequence()), concat([f, b], 2));
    await same(bothOf("sum").apply(sequence()), f.add(b));
    await same(bothOf("mul").apply(sequence()), f.mul(b));
    await same(bothOf("ave").apply(sequence()), f.add(b).div(2));
  });

  test("gives zeros where the mask is false", async () => {
    const mask = tensor(
      [
        [1, 1, 1, 1, 0, 0],
        [1, 0, 1, 1, 1, 0],
      ],
      [B, T],
      "bool",
    );
    const y = await bothOf("concat").apply(sequence(), { mask }).array();
    const steps = (y as number[][][]).map((row) =>
      row.map((step) => step.every((one) => one === 0)),
    );
    expect(steps).toEqual([
      [false, false, false, false, true, true],
      [false, true, false, false, false, true],
    ]);
  });

  test("splits the initial state between the directions, and returns both", async () => {
    const layer = layers.bidirectional({ layer: layers.lstm({ units: H, returnState: true }) });
    const states = [0.1, 0.2, 0.3, 0.4].map((phase) => tensor(wave([B, H], phase), [B, H]));
    const results = layer.apply(sequence(), { initialState: states });
    expect(results.map((one) => one.shape)).toEqual([[B, 2 * H], ...states.map(() => [B, H])]);
    const [y, forwardH, , backwardH] = results as [Tensor, Tensor, Tensor, Tensor];
    await same(y, concat([forwardH, backwardH], 1));
    const without = layer.apply(sequence())[0] as Tensor;
    expect(await without.data()).not.toEqual(await y.data());
    expect(() => layer.apply(sequence(), { initialState: states.slice(1) })).toThrow(ArgumentError);
  });

  test("wants a recurrent layer", () => {
    const config = { layer: layers.dense({ units: 1 }) as unknown as RecurrentLayer };
    expect(() => layers.bidirectional(config)).toThrow(/received a Dense layer/);
  });
});
