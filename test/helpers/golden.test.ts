import { describe, expect, test } from "vitest";
import { expectClose } from "./compare.ts";
import {
  checksum,
  expectGolden,
  type GoldenResult,
  type InputSpec,
  inputOf,
  loadLossGoldens,
  loadOpGoldens,
  loadOptimizerGoldens,
  loadRecurrentGoldens,
  loadTrainingGoldens,
  loadWaveChecksums,
  optimizerGradient,
  type RecurrentGolden,
  trainingData,
  wave,
} from "./golden.ts";
import { tolerances } from "./tolerances.ts";

const recurrentGoldens = (["simpleRNN", "lstm", "gru"] as const).flatMap(loadRecurrentGoldens);
const sizeOf = (shape: readonly number[]) => shape.reduce((size, length) => size * length, 1);

describe("wave", () => {
  // The generator computed these checksums from its own sines, on another mathematics library.
  test("gives the generator's inputs bit for bit", () => {
    for (const { checksum: expected, ...spec } of loadWaveChecksums()) {
      expect(checksum(inputOf(spec)), JSON.stringify(spec)).toBe(expected);
    }
  });

  test("is float32 of scale * sin(1.7 i + 2.3 i sqrt(i) + phase)", () => {
    const [first, second] = [Math.sin(0.5), Math.sin(1.7 + 2.3 + 0.5)];
    expect([...wave([1, 2], 0.5, 2)]).toEqual([Math.fround(2 * first), Math.fround(2 * second)]);
  });

  test("gives the generator's training data bit for bit", () => {
    const { x, target } = trainingData();
    for (const golden of loadTrainingGoldens()) {
      expect({ x: checksum(x), target: checksum(target) }).toEqual(golden.dataChecksum);
    }
  });
});

describe("goldens", () => {
  test("have as many values as their shapes say", () => {
    const results: GoldenResult[] = [
      ...recurrentGoldens.flatMap((g) => [
        ...Object.values(g.expected),
        ...Object.values(g.gradients),
      ]),
      ...loadOpGoldens().flatMap((g) => [g.expected.y, ...Object.values(g.gradients)]),
      ...loadLossGoldens().map((g) => g.gradient),
      ...loadTrainingGoldens().flatMap((g) => Object.values(g.keras.finalWeights)),
    ];
    expect(results.length).toBeGreaterThan(600);
    for (const result of results) {
      const stride = "stride" in result ? result.stride : 1;
      expect(result.values.length).toBe(Math.ceil(sizeOf(result.shape) / stride));
      expect(result.values.every(Number.isFinite)).toBe(true);
    }
  });

  test("cover every recurrent layer with masks, states, directions and both kinds of output", () => {
    for (const layer of ["simpleRNN", "lstm", "gru"] as const) {
      const goldens = loadRecurrentGoldens(layer);
      expect(goldens.some((g) => g.mask !== undefined && g.goBackwards)).toBe(true);
      expect(goldens.some((g) => g.inputs.h0 !== undefined)).toBe(true);
      expect(goldens.some((g) => !g.returnSequences)).toBe(true);
      expect(goldens.some((g) => g.units > 32)).toBe(true);
    }
  });

  test("hold 25 losses that fall, and two Adams that can be told apart", () => {
    for (const { keras, torch, steps } of loadTrainingGoldens()) {
      expect(keras.loss.length).toBe(steps);
      expect(Number(keras.loss.at(-1))).toBeLessThan(0.6 * Number(keras.loss[0]));
      expect(() => expectClose(keras.loss, torch.loss, tolerances.trainingLoss)).toThrow();
    }
  });

  test("reject an op that has no case", () => {
    expect(() => loadOpGoldens("matMull")).toThrow('no case of op "matMull"');
  });

  // Independent of the generator: the equations once more, in TypeScript and float64.
  test("agree with an LSTM in TypeScript, gates i, f, c, o", () => {
    const goldens = loadRecurrentGoldens("lstm").filter((g) => g.name.endsWith("/plain"));
    expect(goldens.length).toBe(6);
    for (const golden of goldens) {
      expectGolden(lstmOutputs(golden), golden.expected.y, {
        ...tolerances.float64,
        label: golden.name,
      });
    }
  });

  test("agree with Keras's Adam in TypeScript", () => {
    const golden = loadOptimizerGoldens().find((g) => g.name === "adam");
    if (golden === undefined) throw new Error("optimizers.json has no case adam.");
    const { learningRate, beta1 = 0, beta2 = 0, epsilon = 0 } = golden;
    const p = Float64Array.from(inputOf(golden.initial));
    const [m, v] = [new Float64Array(p.length), new Float64Array(p.length)];
    golden.parametersAfterStep.forEach((expected, step) => {
      const t = step + 1;
      const alpha = (learningRate * Math.sqrt(1 - beta2 ** t)) / (1 - beta1 ** t);
      optimizerGradient(golden, step).forEach((g, i) => {
        m[i] = beta1 * Number(m[i]) + (1 - beta1) * g;
        v[i] = beta2 * Number(v[i]) + (1 - beta2) * g * g;
        p[i] = Number(p[i]) - (alpha * Number(m[i])) / (Math.sqrt(Number(v[i])) + epsilon);
      });
      expectClose(p, expected, { ...tolerances.float64, label: `step ${step}` });
    });
  });
});

describe("expectGolden", () => {
  const values = wave([4, 50], 0.3);
  const sampled: GoldenResult = {
    shape: [4, 50],
    stride: 3,
    values: [...values].filter((_, i) => i % 3 === 0),
    sum: values.reduce((sum, value) => sum + value, 0),
    sumOfSquares: values.reduce((sum, value) => sum + value * value, 0),
    maxAbsolute: values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0),
  };
  const changed = (index: number, change: number) =>
    values.map((value, i) => (i === index ? value + change : value));

  test("accepts equal values in both tolerance forms", () => {
    expectGolden(values, sampled, tolerances.recurrent);
    expectGolden(values, sampled, tolerances.gradient);
  });

  test("finds a wrong sample by its index and a wrong value between samples by the sums", () => {
    const strict = tolerances.recurrent;
    expect(() => expectGolden(changed(9, 1e-3), sampled, strict)).toThrow("one value in 3");
    expect(() => expectGolden(changed(10, 0.1), sampled, strict)).toThrow("sum");
    expect(() => expectGolden(changed(10, 0.1), sampled, tolerances.gradient)).toThrow("sum");
    expect(() => expectGolden(changed(10, Number.NaN), sampled, strict)).toThrow("sum");
    expect(() => expectGolden(values.slice(1), sampled, strict)).toThrow("received 199 values");
  });

  test("finds a swap between samples of opposite sign by the sum of squares", () => {
    const size = Number(values[10]);
    const flipped = changed(10, 0.2 - size).map((value, i) =>
      i === 11 ? value - 0.2 + size : value,
    );
    expect(() => expectGolden(flipped, sampled, tolerances.recurrent)).toThrow("sum of squares");
  });

  test("gives coordinates for a full result", () => {
    const full: GoldenResult = { shape: [2, 2], values: [1, 2, 3, 4] };
    expect(() => expectGolden([1, 2, 0, 4], full, tolerances.exact)).toThrow("index 2 [1, 0]");
  });
});

/** All outputs [B,T,H] of an LSTM without mask and initial state. */
function lstmOutputs(golden: RecurrentGolden): number[] {
  const { batch, time, features, units } = golden;
  const read = (spec: InputSpec) => {
    const values = inputOf(spec);
    return (index: number) => Number(values[index]);
  };
  const [x, kernel] = [read(golden.inputs.x), read(golden.inputs.kernel)];
  const [recurrent, bias] = [read(golden.inputs.recurrentKernel), read(golden.inputs.bias)];
  const sigmoid = (a: number) => 1 / (1 + Math.exp(-a));
  const outputs: number[] = [];
  for (let b = 0; b < batch; b++) {
    let h = new Array<number>(units).fill(0);
    let c = [...h];
    for (let t = 0; t < time; t++) {
      const gate = (index: number) =>
        h.map((_, unit) => {
          const column = index * units + unit;
          let a = bias(column);
          for (let i = 0; i < features; i++) {
            a += x((b * time + t) * features + i) * kernel(i * 4 * units + column);
          }
          h.forEach((previous, k) => {
            a += previous * recurrent(k * 4 * units + column);
          });
          return a;
        });
      const [input, forget, candidate, output] = [gate(0), gate(1), gate(2), gate(3)];
      c = c.map(
        (previous, unit) =>
          sigmoid(Number(forget[unit])) * previous +
          sigmoid(Number(input[unit])) * Math.tanh(Number(candidate[unit])),
      );
      h = c.map((cell, unit) => sigmoid(Number(output[unit])) * Math.tanh(cell));
      outputs.push(...h);
    }
  }
  return outputs;
}
