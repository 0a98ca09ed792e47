import { describe, expect, test } from "vitest";
import { expectClose } from "../helpers/compare.ts";
import { pipelineCount } from "../helpers/run-kernel.ts";
import { tolerances } from "../helpers/tolerances.ts";
import {
  type CaseOptions,
  CELLS,
  describeCase,
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
    // 700 rows of 64 units cost 250 million operations in about 11 steps of an LSTM.
    const of = makeCase(
      cell,
      { batch: 700, time: cell.cell === "simpleRNN" ? 50 : 15, units: 64 },
      ALL,
    );
    const rows = makeCase(cell, { ...of.sizes, batch: 8 }, ALL);
    const first = sliceRows(of, 8);
    const [whole] = await runForward(of, { plan: "stream" });
    const [alone] = await runForward({ ...first, sizes: rows.sizes }, { plan: "stream" });
    const count = 8 * of.sizes.time * of.sizes.units;
    expectClose(Array.from(whole ?? []).slice(0, count), alone ?? [], tolerances.exact);
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

/** The first rows of a case. */
function sliceRows(of: RecurrentCase, rows: number): RecurrentCase {
  const perBatch = new Set(["projected", "initialState", "initialCell", "mask"]);
  const inputs = Object.fromEntries(
    Object.entries(of.inputs).map(([name, host]) => {
      if (!perBatch.has(name)) return [name, host];
      const data = host.data.slice(0, (host.data.length / of.sizes.batch) * rows);
      return [name, { data, shape: [rows, ...host.shape.slice(1)] }];
    }),
  );
  return { ...of, inputs, sizes: { ...of.sizes, batch: rows } };
}
