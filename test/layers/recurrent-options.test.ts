import { describe, expect, test } from "vitest";
import { ArgumentError, ShapeError } from "../../src/errors.ts";
import { layers } from "../../src/layers/index.ts";
import type { AnyLayer } from "../../src/layers/layer.ts";
import { ones, sum, type Tensor, tensor, variable, variableGrads } from "../../src/tensor/index.ts";
import { expectClose } from "../helpers/compare.ts";
import {
  expectGolden,
  inputOf,
  loadRecurrentOptionsGoldens,
  type RecurrentOptionsGolden,
  wave,
} from "../helpers/golden.ts";
import { runOnnx } from "../helpers/onnx-node.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { kept } from "../train/support.ts";

/** Keras's names of weights by those of the goldens, in the order of the layers' weights. */
const weightNames = {
  kernel: "kernel",
  recurrentKernel: "recurrent_kernel",
  bias: "bias",
  projectionKernel: "projection_kernel",
  peepholeKernel: "peephole_kernel",
} as const;

function layerOf({ layer, config }: RecurrentOptionsGolden, asCell: boolean): AnyLayer {
  const { goBackwards = false, ...step } = config;
  const shared = { goBackwards, returnSequences: true, returnState: true } as const;
  if (asCell) {
    const cells = {
      simpleRNN: layers.simpleRNNCell,
      lstm: layers.lstmCell,
      gru: layers.gruCell,
    };
    return layers.rnn({ cell: cells[layer](step), ...shared });
  }
  if (layer === "simpleRNN") return layers.simpleRNN({ ...step, ...shared });
  return layer === "lstm"
    ? layers.lstm({ ...step, ...shared })
    : layers.gru({ ...step, ...shared });
}

// Expected values: PyTorch's torch.lstm with proj_size in float64, and a float64 loop from the equations of
// TensorFlow's cell_clip and ONNX's P and clip, both in test/golden/recurrent_options.py.
describe.each(["layer", "cell"])("what other libraries add, in the %s", (form) => {
  test.each(loadRecurrentOptionsGoldens())("$name", async (golden) => {
    const layer = kept(layerOf(golden, form === "cell"));
    layer.ensureBuilt([golden.batch, golden.time, golden.features]);
    const value = (name: string): Tensor => {
      const spec = golden.inputs[name];
      if (spec === undefined) throw new Error(`${golden.name} has no ${name}.`);
      return tensor(inputOf(spec), spec.shape);
    };
    const present = Object.entries(weightNames).filter(([name]) => name in golden.inputs);
    const paths = [...layer.weightsByPath().keys()].map((path) => path.split("/").at(-1));
    expect(paths).toEqual(present.map(([, name]) => name));
    layer.setWeights(present.map(([name]) => value(name)));
    const given = ["x", "h0", "c0"].filter((name) => name in golden.inputs);
    const inputs = new Map(given.map((name) => [name, kept(variable(value(name), true, name))]));
    const [x, ...initialState] = inputs.values();
    const mask = golden.mask ? tensor(inputOf(golden.mask), golden.mask.shape, "bool") : null;
    const run = (): Tensor[] =>
      layer.apply(x as Tensor, {
        mask,
        ...(initialState.length > 0 ? { initialState } : {}),
      }) as Tensor[];
    for (const [i, key] of (["y", "h", "c"] as const).entries()) {
      const expected = golden.expected[key];
      if (expected === undefined) continue;
      const result = run()[i] as Tensor;
      expect(result.shape).toEqual(expected.shape);
      expectGolden(await result.data(), expected, { ...tolerances.recurrent, label: key });
    }
    const { grads } = variableGrads(() => {
      const results = run();
      return Object.values(golden.lossWeights)
        .map((spec, i) => sum((results[i] as Tensor).mul(tensor(inputOf(spec), spec.shape))))
        .reduce((a, b) => a.add(b));
    });
    for (const [name, expected] of Object.entries(golden.gradients)) {
      const place = present.findIndex(([own]) => own === name);
      const key = place >= 0 ? layer.weights[place]?.name : inputs.get(name)?.name;
      const label = `gradient of ${name}`;
      const gradient = grads[key ?? ""] as Tensor;
      expectGolden(await gradient.data(), expected, { ...tolerances.recurrentGradient, label });
    }
  });
});

// onnxruntime computes the same from the same weights: P in the order i, o, f is our peephole_kernel as it stands.
describe("onnxruntime agrees", () => {
  const [B, T, I, H] = [2, 5, 3, 4];
  /** [rows, G·H] with gates i f c o as ONNX has it, [G·H, rows] with gates i o f c. */
  const toOnnx = (weights: Float32Array, rows: number, gates: readonly number[]) =>
    Float32Array.from({ length: weights.length }, (_, at) => {
      const [column, row] = [Math.floor(at / rows), at % rows];
      const gate = gates[Math.floor(column / H)] ?? 0;
      return weights[row * gates.length * H + gate * H + (column % H)] ?? 0;
    });

  test.each([
    ["lstm with peepholes", "LSTM", {}, true],
    ["lstm with clip", "LSTM", { clip: 0.3 }, false],
    ["lstm with both", "LSTM", { clip: 0.5 }, true],
    ["gru with clip", "GRU", { clip: 0.3 }, false],
    ["simpleRNN with clip", "RNN", { clip: 0.3 }, false],
  ] as const)("%s", async (_name, op, options, usePeepholes) => {
    const gates = { LSTM: [0, 3, 1, 2], GRU: [0, 1, 2], RNN: [0] }[op];
    const width = gates.length * H;
    const config = { units: H, returnSequences: true, ...options };
    const layer: AnyLayer = kept(
      op === "LSTM"
        ? layers.lstm({ ...config, usePeepholes })
        : op === "GRU"
          ? layers.gru({ ...config, resetAfter: false })
          : layers.simpleRNN(config),
    );
    layer.ensureBuilt([B, T, I]);
    const kernel = wave([I, width], 0.3, 0.9);
    const recurrent = wave([H, width], 1.1, 0.9);
    const bias = wave([width], 2.2, 0.4);
    const peepholes = wave([3 * H], 0.4, 0.8);
    layer.setWeights([
      tensor(kernel, [I, width]),
      tensor(recurrent, [H, width]),
      tensor(bias, [width]),
      ...(usePeepholes ? [tensor(peepholes, [3 * H])] : []),
    ]);
    const x = wave([T, B, I], 0.7);
    const y = layer.apply(tensor(x, [T, B, I]).transpose([1, 0, 2])) as Tensor;
    const [wanted] = await runOnnx({
      op,
      inputs: [
        { shape: [T, B, I], values: x },
        { shape: [1, width, I], values: toOnnx(kernel, I, gates) },
        { shape: [1, width, H], values: toOnnx(recurrent, H, gates) },
        {
          shape: [1, 2 * width],
          values: Float32Array.from([...toOnnx(bias, 1, gates), ...new Float32Array(width)]),
        },
        ...(usePeepholes ? [null, null, null, { shape: [1, 3 * H], values: peepholes }] : []),
      ],
      outputs: 1,
      attributes: { hidden_size: H, ...options },
    });
    const actual = await y.transpose([1, 0, 2]).data(); // [T, B, H], as ONNX's [T, 1, B, H]
    expectClose(actual, wanted ?? [], tolerances.recurrent);
  });
});

describe("options that do not fit are named", () => {
  test.each([
    [{ projSize: 0 }, "projSize is 0. Expected a whole number from 1 up"],
    [{ projSize: 2.5 }, "projSize is 2.5"],
    [{ cellClip: -1 }, "cellClip is -1. Expected a number above 0, or null for none"],
    [{ clip: 0 }, "clip is 0. Expected a number above 0"],
    [{ clip: Number.NaN }, "clip is NaN"],
    [{ implementation: 3 }, "received 3 as implementation. Expected 1 or 2"],
  ])("%j", (options, message) => {
    for (const make of [layers.lstm, layers.lstmCell]) {
      expect(() => make({ units: 4, ...options })).toThrow(ArgumentError);
      expect(() => make({ units: 4, ...options })).toThrow(message);
    }
  });

  test("others than LSTM have no projection", () => {
    const make = () => layers.gru({ units: 4, projSize: 2 } as { units: number });
    expect(make).toThrow("layers.gru: there is no option projSize");
  });

  test("the state of a projection has its size", () => {
    const layer = kept(layers.lstm({ units: 4, projSize: 2, name: "projected" }));
    const states = [ones([1, 4]), ones([1, 4])];
    const apply = () => layer.apply(ones([1, 3, 2]), { initialState: states });
    expect(apply).toThrow(ShapeError);
    expect(apply).toThrow("projected: received state 0 of shape [1,4]. Expected [1,2]");
    expect(layer.computeOutputShape([null, 3, 2])).toEqual([null, 2]);
  });
});
