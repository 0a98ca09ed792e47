import { describe, expect, test } from "vitest";
import * as sl from "../../src/index.ts";
import type { Tensor } from "../../src/tensor/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { wave } from "../helpers/golden.ts";
import { tolerances } from "../helpers/tolerances.ts";

const [B, T, I, H] = [9, 11, 3, 12];
const PLANS = ["resident", "stream", "step"] as const;
type Kernels = NonNullable<NonNullable<Parameters<typeof sl.init>[0]>["kernels"]>;

/** Output and gradients of an LSTM on an engine with these options, and the notes of its plan. */
async function runWith(
  kernels: Kernels,
): Promise<{ values: ArrayLike<number>[]; notes: string[] }> {
  await sl.init({ kernels });
  const layer = sl.layers.lstm({ units: H, returnSequences: true });
  layer.ensureBuilt([B, T, I]);
  layer.setWeights(
    layer.weights.map(({ shape }, i) => sl.tensor(wave(shape, 0.9 + i, 0.6), shape)),
  );
  const x = sl.tensor(wave([B, T, I], 0.3), [B, T, I]);
  const { value, grads } = sl.variableGrads(() => layer.apply(x).square().sum());
  const all = [value, layer.apply(x), ...Object.values(grads)];
  const { dispatches } = await sl.explain(all);
  const notes = dispatches.flatMap(({ kernel, note }) => (note ? [`${kernel}: ${note}`] : []));
  return { values: await Promise.all(all.map((one) => one.data())), notes };
}

describe("init({ kernels })", () => {
  test("forces the plan of time loops, and explain names it", async () => {
    const chosen = await runWith({});
    expect(chosen.notes).toEqual([
      "lstm_stream: plan stream: 576 recurrent weights are at most 147456",
      "lstm_backward_stream: plan stream: 576 recurrent weights are at most 65536",
    ]);
    for (const plan of PLANS) {
      const forced = await runWith({ recurrentPlan: plan });
      const reason = `plan ${plan}: the option recurrentPlan says so`;
      expect(forced.notes).toEqual([`lstm_${plan}: ${reason}`, `lstm_backward_${plan}: ${reason}`]);
      forced.values.forEach((values, i) => {
        expectClose(values, chosen.values[i] ?? [], tolerances.recurrentGradient);
      });
    }
  });

  test("cuts time loops into chunks, with the same bits", async () => {
    const whole = await runWith({});
    for (const recurrentChunk of [1, 7, 64, T]) {
      const cut = await runWith({ recurrentChunk });
      cut.values.forEach((values, i) => {
        expectClose(values, whole.values[i] ?? [], tolerances.exact);
      });
    }
  });

  test("wants plans and chunks that there are", async () => {
    const wrong = (kernels: object) => sl.init({ kernels: kernels as Kernels });
    await expect(wrong({ recurrentPlan: "fast" })).rejects.toThrow(sl.ArgumentError);
    await expect(wrong({ recurrentPlan: "fast" })).rejects.toThrow(/resident, stream, step/);
    await expect(wrong({ recurrentChunk: 0 })).rejects.toThrow(/whole number from 1 up/);
    await expect(wrong({ recurrentChunk: 1.5 })).rejects.toThrow(sl.ArgumentError);
    await expect(wrong({ recurentPlan: "step" })).rejects.toThrow(/recurrentPlan/);
  });
});

describe("recurrent layers", () => {
  test("compile no shader for another batch, length, mask or lengths", async () => {
    await sl.init({ kernels: {} });
    const one = sl.layers.gru({ units: H, returnSequences: true });
    const both = sl.layers.bidirectional({ layer: sl.layers.lstm({ units: H }) });
    const run = async (batch: number, time: number): Promise<void> => {
      const x = sl.variable(sl.tensor(wave([batch, time, I], 0.3), [batch, time, I]));
      const lengths = Array.from({ length: batch }, (_, row) => (row * 3) % (time + 1));
      const mask = sl.tensor(
        lengths.flatMap((length) => Array.from({ length: time }, (_, t) => Number(t < length))),
        [batch, time],
        "bool",
      );
      const runs: (() => Tensor)[] = [
        () => one.apply(x),
        () => both.apply(x),
        () => one.apply(x, { mask }),
        () => one.apply(x, { sequenceLengths: lengths }),
        () => both.apply(x, { sequenceLengths: lengths }),
      ];
      for (const of of runs) {
        const { value, grads } = sl.variableGrads(() => of().square().sum());
        for (const tensor of [value, ...Object.values(grads)]) await tensor.data();
      }
    };
    await run(9, 3);
    await run(9, 3);
    const before = sl.counters().pipelinesCreated;
    for (const [batch, time] of [
      [9, 4],
      [10, 3],
      [17, 7],
      [33, 2],
    ] as const) {
      await run(batch, time);
    }
    expect(sl.counters().pipelinesCreated).toBe(before);
  });
});
