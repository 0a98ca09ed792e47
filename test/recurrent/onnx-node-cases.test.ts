import { describe, expect, test } from "vitest";
import { type Tensor, tensor } from "../../src/tensor/index.ts";
import { expectClose } from "../helpers/compare.ts";
import {
  type FullResult,
  loadOnnxRecurrent,
  type OnnxRecurrentGolden,
  type OnnxRecurrentInput,
} from "../helpers/golden.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { makeWithState } from "../layers/recurrent-makers.ts";

/*
 * The 12 node tests that ONNX publishes for RNN, LSTM and GRU. They see little: in all but one, every gate has the
 * same weights and biases, so that no order of gates can be wrong, and in all but two there is one step from a state
 * of zeros, so that no recurrent weight counts. Both are shown below. What tells gates apart: matrix.test.ts,
 * onnxruntime.test.ts, and of these cases "gru_seq_length".
 */

const cases = loadOnnxRecurrent();

const LAYERS = { RNN: "simpleRNN", LSTM: "lstm", GRU: "gru" } as const;
/** Gate blocks of ONNX in our order: LSTM iofc → ifco, GRU zrh. */
const GATES = { RNN: [0], LSTM: [0, 2, 3, 1], GRU: [0, 1, 2] } as const;

const input = (golden: OnnxRecurrentGolden, name: OnnxRecurrentInput): FullResult => {
  const found = golden.inputs[name];
  if (found === undefined) throw new Error(`${golden.name} has no ${name}`);
  return found;
};

/** ONNX [1, G·H, rows] → [rows, G·H] of ours; `gates` says which block of ONNX goes where. */
function columns(matrix: FullResult, gates: readonly number[]): Float32Array {
  const [, width = 1, rows = 1] = matrix.shape;
  const units = width / gates.length;
  return Float32Array.from({ length: rows * width }, (_, i) => {
    const [row, column] = [Math.floor(i / width), i % width];
    const gate = gates[Math.floor(column / units)] ?? 0;
    return Number(matrix.values[(gate * units + (column % units)) * rows + row]);
  });
}

/** Output of every step and last state, by our layer; [B, T, H] and [B, H]. */
function run(golden: OnnxRecurrentGolden, gates: readonly number[]): readonly Tensor[] {
  const { hidden_size: units, layout = 0 } = golden.attributes;
  // linear_before_reset is 0 in all of them: our GRU has resetAfter false, and one bias, the sum of ONNX's two.
  const { P: peepholes, initial_h: h, initial_c: c } = golden.inputs;
  const extra = peepholes ? { usePeepholes: true } : {};
  const config = { units, returnSequences: true, resetAfter: false, ...extra };
  const layer = makeWithState(LAYERS[golden.op], config);
  const [kernel, recurrent] = [input(golden, "W"), input(golden, "R")];
  const [, width = 1, features = 1] = kernel.shape;
  const { values = new Array<number>(2 * width).fill(0) } = golden.inputs.B ?? {};
  const both = {
    shape: [1, width, 1],
    values: values.slice(0, width).map((b, i) => b + Number(values[width + i])),
  };
  const x = tensor(input(golden, "X").values, input(golden, "X").shape);
  const sequence = layout === 1 ? x : x.transpose([1, 0, 2]); // [B, T, I]
  layer.build(sequence.shape);
  layer.setWeights([
    tensor(columns(kernel, gates), [features, width]),
    tensor(columns(recurrent, gates), [units, width]),
    tensor(columns(both, gates), [width]),
    ...(peepholes ? [tensor(peepholes.values, [3 * units])] : []),
  ]);
  const batch = sequence.shape[0] ?? 1;
  const given = [h, c].flatMap((state) => (state ? [tensor(state.values, [batch, units])] : []));
  return layer.apply(sequence, given.length > 0 ? { initialState: given } : {});
}

async function expectOutputs(golden: OnnxRecurrentGolden, gates: readonly number[]): Promise<void> {
  const [y, h] = run(golden, gates) as [Tensor, Tensor];
  const { Y, Y_h: lastState } = golden.outputs;
  // With one direction, the layouts of Y_h (and of Y with layout 1) differ from ours by an axis of size 1.
  if (lastState)
    expectClose(await h.data(), lastState.values, { ...tolerances.recurrent, label: "Y_h" });
  if (Y) expectClose(await y.data(), Y.values, { ...tolerances.recurrent, label: "Y" });
  expect(lastState ?? Y).toBeDefined();
}

describe("ONNX's node tests", () => {
  test("are twelve; one of them has peepholes", () => {
    expect(cases).toHaveLength(12);
    expect(cases.filter(({ inputs }) => "P" in inputs).map(({ name }) => name)).toEqual([
      "lstm_with_peepholes",
    ]);
    for (const { outputs, attributes } of cases) {
      expect(attributes.layout ?? 0).toBe("Y" in outputs ? 1 : 0);
    }
  });

  test.each(cases)("$name", async (golden) => {
    await expectOutputs(golden, GATES[golden.op]);
  });
});

describe("what ONNX's node tests cannot see", () => {
  const gated = cases.filter(({ op }) => op !== "RNN");
  /** Every gate in another's place. */
  const turned = ({ op }: OnnxRecurrentGolden) =>
    GATES[op].map((_, i, all) => Number(all[(i + 1) % all.length]));

  test.each(gated.filter(({ name }) => name !== "gru_seq_length"))(
    "$name: the order of the gates",
    async (golden) => {
      await expectOutputs(golden, turned(golden));
    },
  );

  test("gru_seq_length is the one that sees it", async () => {
    const golden = gated.find(({ name }) => name === "gru_seq_length") as OnnxRecurrentGolden;
    await expect(expectOutputs(golden, turned(golden))).rejects.toThrow("out of tolerance");
  });

  const withoutRecurrence = (golden: OnnxRecurrentGolden): OnnxRecurrentGolden => {
    const recurrent = input(golden, "R");
    const values = recurrent.values.map((value) => -3 * value);
    return { ...golden, inputs: { ...golden.inputs, R: { ...recurrent, values } } };
  };

  test.each(cases.filter(({ name }) => !name.endsWith("seq_length")))(
    "$name: the recurrent weights",
    async (golden) => {
      await expectOutputs(withoutRecurrence(golden), GATES[golden.op]);
    },
  );

  test.each(cases.filter(({ name }) => name.endsWith("seq_length")))(
    "$name does see them",
    async (golden) => {
      const run = expectOutputs(withoutRecurrence(golden), GATES[golden.op]);
      await expect(run).rejects.toThrow("out of tolerance");
    },
  );
});
