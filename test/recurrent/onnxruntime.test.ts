import { describe, expect, test } from "vitest";
import { layers } from "../../src/layers/index.ts";
import type { AnyLayer } from "../../src/layers/layer.ts";
import { type Tensor, tensor } from "../../src/tensor/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { wave } from "../helpers/golden.ts";
import { runOnnx } from "../helpers/onnx-node.ts";
import { tolerances } from "../helpers/tolerances.ts";

// onnxruntime computes the same layers from the same weights, live: an implementation that shares nothing with
// ours, not even the order of the gates (LSTM i,o,f,c; GRU z,r,h) or the layout [G·H, I].

const [B, T, I, H] = [3, 6, 5, 7];

interface Case {
  readonly name: string;
  readonly op: "RNN" | "LSTM" | "GRU";
  readonly layer: (config: object) => AnyLayer;
  /** Gate blocks of ours in ONNX's order. */
  readonly gates: readonly number[];
  /** Rows of the bias: one, or input and recurrent apart. */
  readonly biasRows: 1 | 2;
  readonly attributes: Readonly<Record<string, number>>;
}

const CASES: readonly Case[] = [
  {
    name: "simpleRNN",
    op: "RNN",
    layer: (config) => layers.simpleRNN({ units: H, ...config }),
    gates: [0],
    biasRows: 1,
    attributes: {},
  },
  {
    name: "lstm",
    op: "LSTM",
    layer: (config) => layers.lstm({ units: H, ...config }),
    gates: [0, 3, 1, 2],
    biasRows: 1,
    attributes: {},
  },
  {
    name: "gru, reset after",
    op: "GRU",
    layer: (config) => layers.gru({ units: H, resetAfter: true, ...config }),
    gates: [0, 1, 2],
    biasRows: 2,
    attributes: { linear_before_reset: 1 },
  },
  {
    name: "gru, reset before",
    op: "GRU",
    layer: (config) => layers.gru({ units: H, resetAfter: false, ...config }),
    gates: [0, 1, 2],
    biasRows: 1,
    attributes: { linear_before_reset: 0 },
  },
];

/** [rows, G·H] as ONNX has it: [G·H, rows], gate blocks in its order. */
function toOnnx(weights: Float32Array, rows: number, gates: readonly number[]): Float32Array {
  const width = gates.length * H;
  return Float32Array.from({ length: rows * width }, (_, i) => {
    const [column, row] = [Math.floor(i / rows), i % rows];
    const gate = gates[Math.floor(column / H)] ?? 0;
    return weights[row * width + gate * H + (column % H)] ?? 0;
  });
}

const floats = (shape: readonly number[], phase: number, scale: number): Float32Array =>
  Float32Array.from(wave(shape, phase, scale));

describe.each(CASES)("$name", ({ op, layer: makeLayer, gates, biasRows, attributes }) => {
  test.each([
    ["forward", false],
    ["backwards in time", true],
  ])("gives what onnxruntime gives, %s", async (_, goBackwards) => {
    const width = gates.length * H;
    const weights = {
      kernel: floats([I, width], 0.3, 0.6),
      recurrent: floats([H, width], 1.1, 0.5),
      bias: floats([biasRows, width], 2.2, 0.4),
    };
    const x = floats([B, T, I], 0.7, 1);
    const initial = floats([B, H], 1.9, 0.8);
    const layer = makeLayer({ returnSequences: true, goBackwards });
    const states = [tensor(initial, [B, H])];
    if (op === "LSTM") states.push(tensor(initial, [B, H]));
    layer.apply(tensor(x, [B, T, I]));
    layer.setWeights([
      tensor(weights.kernel, [I, width]),
      tensor(weights.recurrent, [H, width]),
      tensor(weights.bias, biasRows === 2 ? [2, width] : [width]),
    ]);
    const y = layer.apply(tensor(x, [B, T, I]), { initialState: states }) as Tensor;

    // ONNX has input and recurrent biases apart; where ours has one, the recurrent one is zero.
    const inputBias = toOnnx(weights.bias.subarray(0, width), 1, gates);
    const recurrentBias =
      biasRows === 2 ? toOnnx(weights.bias.subarray(width), 1, gates) : new Float32Array(width);
    const timeMajor = Float32Array.from({ length: x.length }, (_, i) => {
      const [t, b, feature] = [Math.floor(i / (B * I)), Math.floor(i / I) % B, i % I];
      return x[(b * T + t) * I + feature] ?? 0;
    });
    const [wanted] = await runOnnx({
      op,
      inputs: [
        { shape: [T, B, I], values: timeMajor },
        { shape: [1, width, I], values: toOnnx(weights.kernel, I, gates) },
        { shape: [1, width, H], values: toOnnx(weights.recurrent, H, gates) },
        { shape: [1, 2 * width], values: Float32Array.from([...inputBias, ...recurrentBias]) },
        null,
        { shape: [1, B, H], values: initial },
        ...(op === "LSTM" ? [{ shape: [1, B, H], values: initial }] : []),
      ],
      outputs: 1,
      attributes: { hidden_size: H, direction: goBackwards ? "reverse" : "forward", ...attributes },
    });
    // ONNX: [T, 1, B, H] in the order of the input; ours goes backwards in the order of computation.
    const expected = Float32Array.from({ length: B * T * H }, (_, i) => {
      const [b, t, unit] = [Math.floor(i / (T * H)), Math.floor(i / H) % T, i % H];
      return wanted?.[((goBackwards ? T - 1 - t : t) * B + b) * H + unit] ?? Number.NaN;
    });
    expect(y.shape).toEqual([B, T, H]);
    expectClose(await y.data(), expected, tolerances.recurrent);
    layer.dispose();
  });
});
