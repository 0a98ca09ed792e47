import { describe, expect, test } from "vitest";
import { layers } from "../../src/layers/index.ts";
import { counters, idle, type Tensor, tensor } from "../../src/tensor/index.ts";
import { type Sequential, sequential } from "../../src/train/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { kept, noise } from "./support.ts";

const [F, STEPS] = [3, 24];
const values = noise(STEPS * F);
const step = (t: number): Tensor => tensor(values.slice(t * F, (t + 1) * F), [1, 1, F]);

/** Two recurrent layers and a head: for whole sequences, or (stateful) for a stream. */
function modelOf(stateful: boolean): Sequential {
  const config = { batchInputShape: [1, null, F], stateful } as const;
  return kept(
    sequential({
      layers: [
        layers.lstm({ units: 8, returnSequences: true, ...config }),
        layers.rnn({ cell: layers.gruCell({ units: 5 }), stateful }),
        layers.dense({ units: 2 }),
      ],
    }),
  );
}

describe("a stream, one step at a time", () => {
  test("is one submission a step; nothing is read or made that was not asked for", async () => {
    const [whole, stream] = [modelOf(false), modelOf(true)];
    stream.setWeights(whole.getWeights());
    const next = (t: number): Tensor => stream.predict(step(t));
    for (let t = 0; t < 3; t++) next(t).dispose();
    await idle();
    const before = counters();
    for (let t = 3; t < STEPS - 1; t++) next(t).dispose();
    await idle();
    const after = counters();
    expect(after.submits - before.submits).toBe(STEPS - 4);
    expect(after.readbacks - before.readbacks).toBe(0);
    expect(after.buffersCreated - before.buffersCreated).toBe(0);
    expect(after.bindGroupsCreated - before.bindGroupsCreated).toBe(0);
    expect(after.plansCreated - before.plansCreated).toBe(0);
    expect(after.pipelinesCreated - before.pipelinesCreated).toBe(0);
    const last = await next(STEPS - 1).data();
    expect(counters().readbacks - after.readbacks).toBe(1);
    const expected = await whole.predict(tensor(values, [1, STEPS, F])).data();
    expectClose(last, expected, tolerances.samePrecision);
  });

  test("whose steps are all read makes nothing new either", async () => {
    const stream = modelOf(true);
    const read = async (t: number) => stream.predict(step(t)).data();
    for (let t = 0; t < 3; t++) await read(t);
    const before = counters();
    for (let t = 3; t < STEPS; t++) await read(t);
    const after = counters();
    expect(after.submits - before.submits).toBe(2 * (STEPS - 3)); // the step, and the copy that is read
    expect(after.readbacks - before.readbacks).toBe(STEPS - 3);
    expect(after.buffersCreated - before.buffersCreated).toBe(0);
    expect(after.plansCreated - before.plansCreated).toBe(0);
  });

  test("begins again after resetStates, of the model or of a layer with given states", async () => {
    const stream = modelOf(true);
    const first = await stream.predict(step(0)).data();
    const second = await stream.predict(step(0)).data();
    expect(second).not.toEqual(first);
    stream.resetStates();
    expect(await stream.predict(step(0)).data()).toEqual(first);
    const states = [...stream.statesByPath().values()];
    const copies = await Promise.all(states.map(async (one) => tensor(await one.array())));
    const third = await stream.predict(step(1)).data();
    const [lower, upper] = stream.layers as [
      ReturnType<typeof layers.lstm>,
      ReturnType<typeof layers.rnn>,
    ];
    lower.resetStates(copies.slice(0, 2));
    upper.resetStates(copies.slice(2));
    expect(await stream.predict(step(1)).data()).toEqual(third);
  });
});
