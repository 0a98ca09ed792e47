import { describe, expect, test } from "vitest";
import { DEFAULT_LIMITS } from "../../src/gpu/limits.ts";
import type { Node, Value } from "../../src/graph/node.ts";
import {
  type KernelOptions,
  RECURRENT_PLANS,
  type RecurrentPlan,
} from "../../src/kernels/kernel-options.ts";
import type { Op } from "../../src/ops/op.ts";
import { recurrent, recurrentOp } from "../../src/ops/recurrent.ts";
import { recurrentGradient, recurrentGradientOp } from "../../src/ops/recurrent-gradient.ts";
import { expectClose } from "../helpers/compare.ts";
import { type HostTensor, pipelineCount } from "../helpers/run-kernel.ts";
import { tolerances } from "../helpers/tolerances.ts";
import {
  type CaseOptions,
  CELLS,
  describeCase,
  firstRow,
  firstRowOf,
  leavesOf,
  longSizes,
  makeCase,
  poisonMasked,
  type RecurrentCase,
} from "../recurrent/recurrent-case.ts";
import {
  gradientCase,
  gradientLeaves,
  randomGradientCase,
  referenceForward,
  referenceGradient,
  runForward,
  runGradient,
} from "../recurrent/run-recurrent.ts";

export const ALL: CaseOptions = { mask: true, initial: true, bias: true };

/** B, T, H and what else a case has. */
export type Sizes = readonly [number, number, number, CaseOptions];

/** Sizes at which a device cannot run a plan take the next one that it can. */
const PLANS = RECURRENT_PLANS;

/** Small sizes, each with part of a tile: rows that are not 8, units that do not fill the lanes. */
export const SMALL: readonly Sizes[] = [
  [1, 1, 1, { ...ALL, reverse: true }],
  [3, 4, 6, {}],
  [17, 5, 12, ALL],
  [9, 4, 6, { ...ALL, both: true }],
];

/** Each option by itself, and sizes from one element to several workgroups of units. */
export const MANY: readonly Sizes[] = [
  [1, 1, 1, {}],
  [2, 3, 5, {}],
  [3, 4, 6, { mask: true }],
  [3, 4, 6, { initial: true }],
  [3, 4, 6, { reverse: true, bias: true }],
  [3, 4, 6, { mask: true, reverse: true, initial: true }],
  [9, 2, 33, ALL],
  [1, 7, 64, { bias: true }],
  [2, 2, 130, ALL],
  [3, 4, 6, { both: true }],
  [3, 4, 6, { both: true, reverse: true, mask: true, bias: true }],
  [17, 3, 33, { ...ALL, both: true }],
];

/** More units than a workgroup has lanes on the smallest devices. */
export const WIDE: Sizes = [2, 2, 257, ALL];

type Cell = (typeof CELLS)[number];

/** Forward and backward kernels of every cell against the reference, by both plans. */
export function describeSizes(sizes: readonly Sizes[]): void {
  describe.each(CELLS)("recurrent kernels: $name", (cell) => {
    for (const [batch, time, units, options] of sizes) {
      const of = makeCase(cell, { batch, time, units }, options);
      for (const plan of PLANS) {
        test(`${plan}, forward: the reference's numbers at ${describeCase(of)}`, async () => {
          expectForward(of, await runForward(poisonMasked(of), { plan }));
        });
        test(`${plan}, backward: the reference's numbers at ${describeCase(of)}`, async () => {
          const hosts = gradientCase(of);
          expectBackward(of, hosts, await runGradient(of, hosts, { plan }));
        });
      }
    }
  });
}

/** Cutting long sequences: several dispatches give the bits of one. */
export function describeLong(): void {
  describe.each(CELLS)("recurrent kernels: $name, long sequences", (cell) => {
    test("several forward dispatches give the bits of one", async () => {
      const of = makeCase(cell, longSizes(cell, 8), ALL);
      const one = firstRow(of);
      expect(forwardDispatches(of)).toBeGreaterThan(forwardDispatches(one));
      const [states] = await runForward(of, { plan: "stream" });
      const [alone] = await runForward(one, { plan: "stream" });
      expectSameStart(states, alone);
    });

    test("several backward dispatches give the bits of one", async () => {
      const of = makeCase(cell, longSizes(cell, 8), ALL);
      const hosts = randomGradientCase(of);
      const one = firstRow(of);
      expect(backwardDispatches(of, hosts)).toBeGreaterThan(
        backwardDispatches(one, firstRowOf(hosts)),
      );
      const all = await runGradient(of, hosts, { plan: "stream" });
      const alone = await runGradient(one, firstRowOf(hosts), { plan: "stream" });
      alone.forEach((values, i) => {
        expectSameStart(all[i], values);
      });
    });
  });
}

/** Steps of a dispatch at which chunks are tried, of 70: one, some, all but few, and all. */
const CHUNKS = [1, 7, 64, 70];

/** Chunks in time: dispatches of few steps give the bits of one that runs them all. */
export function describeChunks(): void {
  describe.each(CELLS)("recurrent kernels: $name, chunks in time", (cell) => {
    const of = makeCase(cell, { batch: 9, time: 70, units: 6 }, { ...ALL, both: true });
    for (const plan of ["resident", "stream"] as const) {
      test(`${plan}: chunks of ${CHUNKS.join(", ")} steps give the same bits`, async () => {
        const hosts = randomGradientCase(of);
        const forward = await runForward(of, { plan });
        const backward = await runGradient(of, hosts, { plan });
        for (const chunk of CHUNKS) {
          const count = Math.ceil(70 / chunk);
          expect(loopDispatches(recurrentOp, of, { plan, chunk })).toBe(count);
          expectSameBits(await runForward(of, { plan, chunk }), forward);
          expectSameBits(await runGradient(of, hosts, { plan, chunk }), backward);
        }
      });
    }
  });
}

function expectSameBits(
  actual: readonly ArrayLike<number>[],
  expected: readonly ArrayLike<number>[],
): void {
  expect(actual.length).toBe(expected.length);
  expected.forEach((values, i) => {
    expectClose(actual[i] ?? [], values, { ...tolerances.exact, label: `output ${i}` });
  });
}

/** What is not wanted is left out, and what varies between batches makes no pipelines. */
export function describeEconomy(cells: readonly Cell[]): void {
  describe.each(cells)("recurrent kernels: $name", (cell) => {
    test("leave out the cells, gates and state gradients that nobody reads", async () => {
      const of = makeCase(cell, { batch: 3, time: 4, units: 6 }, ALL);
      const hosts = gradientCase(of);
      for (const plan of PLANS) {
        const options = { plan, needed: [true, false, false] };
        const [states] = await runForward(of, options);
        expectClose(states ?? [], referenceForward(of)[0] ?? [], tolerances.recurrent);
        const [dProjected] = await runGradient(of, hosts, options);
        const [expected] = referenceGradient(of, hosts);
        expectClose(dProjected ?? [], expected ?? [], tolerances.recurrentGradient);
      }
    });

    test("need no other pipeline for another batch, length, mask or direction", async () => {
      for (const plan of PLANS) {
        const all = makeCase(cell, { batch: 2, time: 3, units: 7 }, ALL);
        await runForward(all, { plan });
        await runGradient(all, gradientCase(all), { plan });
        const before = pipelineCount();
        const others = [
          makeCase(cell, { batch: 1, time: 1, units: 7 }),
          makeCase(cell, { batch: 20, time: 4, units: 7 }, { mask: true, reverse: true }),
          makeCase(cell, { batch: 9, time: 2, units: 7 }, { ...ALL, both: true }),
        ];
        for (const of of others) {
          await runForward(of, { plan });
          await runGradient(of, gradientCase(of), { plan });
        }
        expect(pipelineCount()).toBe(before);
      }
    });
  });
}

function expectForward(of: RecurrentCase, actual: readonly ArrayLike<number>[]): void {
  const expected = referenceForward(of);
  expect(actual.length).toBe(expected.length);
  expected.forEach((values, i) => {
    expectClose(actual[i] ?? [], values, { ...tolerances.recurrent, label: `output ${i}` });
  });
}

function expectBackward(
  of: RecurrentCase,
  hosts: Readonly<Record<string, HostTensor>>,
  actual: readonly ArrayLike<number>[],
): void {
  const expected = referenceGradient(of, hosts);
  expect(actual.length).toBe(expected.length);
  expected.forEach((values, i) => {
    expectClose(actual[i] ?? [], values, { ...tolerances.recurrentGradient, label: `output ${i}` });
  });
}

function expectSameStart(
  all: ArrayLike<number> | undefined,
  alone: ArrayLike<number> | undefined,
): void {
  const expected = Array.from(alone ?? []);
  expect(expected.length).toBeGreaterThan(0);
  expectClose(Array.from(all ?? []).slice(0, expected.length), expected, tolerances.exact);
}

function forwardDispatches({ inputs, attributes }: RecurrentCase): number {
  return dispatchCount(recurrentOp, recurrent(leavesOf(inputs), attributes));
}

function backwardDispatches(
  { attributes }: RecurrentCase,
  hosts: Readonly<Record<string, HostTensor>>,
): number {
  return dispatchCount(recurrentGradientOp, recurrentGradient(gradientLeaves(hosts), attributes));
}

/** Dispatches of the time loop. */
function loopDispatches(
  op: Op,
  { inputs, attributes }: RecurrentCase,
  { plan, chunk }: { plan: RecurrentPlan; chunk: number },
): number {
  const options = { recurrentPlan: plan, recurrentChunk: chunk };
  const names = dispatchNames(op, recurrent(leavesOf(inputs), attributes), options);
  return names.filter((name) => name.endsWith(`_${plan}`)).length;
}

function dispatchCount(op: Op, outputs: readonly Value[]): number {
  return dispatchNames(op, outputs, { recurrentPlan: "stream" }).length;
}

function dispatchNames(op: Op, outputs: readonly Value[], options: KernelOptions): string[] {
  const node: Node | undefined = outputs[0]?.node;
  if (node === undefined || op.lowering.kind !== "kernel") throw new Error(`${op.name}: no kernel`);
  const target = { limits: DEFAULT_LIMITS, options };
  const needed = outputs.map(() => true);
  const { dispatches } = op.lowering.lower({ ...target, node, needed, epilogue: null });
  return dispatches.map(({ kernel }) => kernel.name);
}
