import { describe, expect, test } from "vitest";
import { DEFAULT_LIMITS } from "../../src/gpu/limits.ts";
import { recurrent, recurrentOp } from "../../src/ops/recurrent.ts";
import { expectClose } from "../helpers/compare.ts";
import { pipelineCount } from "../helpers/run-kernel.ts";
import { tolerances } from "../helpers/tolerances.ts";
import {
  type CaseOptions,
  CELLS,
  describeCase,
  firstRow,
  leavesOf,
  longSizes,
  makeCase,
  poisonMasked,
  type RecurrentCase,
} from "../recurrent/recurrent-case.ts";
import { referenceForward, runForward } from "../recurrent/run-recurrent.ts";

const ALL: CaseOptions = { mask: true, initial: true, bias: true };

/** Sizes from one element over partial tiles of rows and units to several workgroups. */
const CASES: readonly (readonly [number, number, number, CaseOptions])[] = [
  [1, 1, 1, {}],
  [1, 1, 1, { ...ALL, reverse: true }],
  [2, 3, 5, {}],
  [3, 4, 6, { mask: true }],
  [3, 4, 6, { initial: true }],
  [3, 4, 6, { reverse: true, bias: true }],
  [3, 4, 6, { mask: true, reverse: true, initial: true }],
  [17, 5, 12, ALL],
  [9, 2, 33, ALL],
  [1, 7, 64, { bias: true }],
  [2, 2, 130, ALL],
];

describe.each(CELLS)("recurrent forward kernels: $name", (cell) => {
  for (const plan of ["stream", "step"] as const) {
    for (const [batch, time, units, options] of CASES) {
      const of = makeCase(cell, { batch, time, units }, options);
      test(`${plan} gives the reference's numbers at ${describeCase(of)}`, async () => {
        await expectReference(of, await runForward(poisonMasked(of), { plan }));
      });
    }
  }

  test("step does H = 257, where a workgroup cannot hold all units", async () => {
    const of = makeCase(cell, { batch: 2, time: 2, units: 257 }, ALL);
    await expectReference(of, await runForward(of, { plan: "step" }));
  });

  test("runs of steps in several dispatches give the bits of one", async () => {
    const of = makeCase(cell, longSizes(cell, 8), ALL);
    const one = firstRow(of);
    expect(dispatchCount(of)).toBeGreaterThan(dispatchCount(one));
    const [states] = await runForward(of, { plan: "stream" });
    const [alone] = await runForward(one, { plan: "stream" });
    expectClose(Array.from(states ?? []).slice(0, alone?.length), alone ?? [], tolerances.exact);
  });

  test("leaves out the cells and gates that nobody reads", async () => {
    const of = makeCase(cell, { batch: 3, time: 4, units: 6 }, ALL);
    for (const plan of ["stream", "step"] as const) {
      const [states] = await runForward(of, { plan, needed: [true, false, false] });
      expectClose(states ?? [], referenceForward(of)[0] ?? [], tolerances.recurrent);
    }
  });

  test("other batch sizes and lengths need no other pipeline", async () => {
    for (const plan of ["stream", "step"] as const) {
      await runForward(makeCase(cell, { batch: 2, time: 3, units: 7 }), { plan });
      const before = pipelineCount();
      for (const [batch, time] of [
        [1, 1],
        [5, 2],
        [8, 9],
        [20, 4],
      ] as const) {
        await runForward(makeCase(cell, { batch, time, units: 7 }), { plan });
      }
      expect(pipelineCount()).toBe(before);
    }
  });
});

async function expectReference(of: RecurrentCase, actual: ArrayLike<number>[]): Promise<void> {
  const names = ["states", "output 1", "output 2"];
  const expected = referenceForward(of);
  expect(actual.length).toBe(expected.length);
  expected.forEach((values, i) => {
    expectClose(actual[i] ?? [], values, { ...tolerances.recurrent, label: names[i] ?? "" });
  });
}

/** Dispatches of the time loop and around it. */
function dispatchCount(of: RecurrentCase): number {
  const [states] = recurrent(leavesOf(of.inputs), of.attributes);
  if (states === undefined || recurrentOp.lowering.kind !== "kernel") throw new Error("no kernel");
  const { node } = states;
  const context = { node, limits: DEFAULT_LIMITS, needed: [true], epilogue: null };
  return recurrentOp.lowering.lower({ ...context, options: { recurrentPlan: "stream" } }).dispatches
    .length;
}
