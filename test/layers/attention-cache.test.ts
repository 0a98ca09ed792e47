import { describe, expect, test, vi } from "vitest";
import { ArgumentError } from "../../src/errors.ts";
import { seenKeys } from "../../src/layers/attention-cache.ts";
import {
  carriedStates,
  carryStates,
  NotStepwiseError,
  runWhole,
} from "../../src/layers/carried-states.ts";
import { layers } from "../../src/layers/index.ts";
import { ops } from "../../src/ops/index.ts";
import { currentEngine } from "../../src/tensor/current.ts";
import {
  compile,
  concat,
  explain,
  idle,
  memory,
  profile,
  reshape,
  scalar,
  scaledDotProductAttention,
  type Tensor,
  Tensor as TensorClass,
  tensor,
  transpose,
  variable,
  zeros,
} from "../../src/tensor/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { kept, noise } from "../train/support.ts";

const [B, T, N, M, D] = [2, 7, 4, 2, 3];

/** The same numbers in every run. */
const drawn = (shape: readonly number[], seed: number): Tensor =>
  tensor(
    noise(
      shape.reduce((a, b) => a * b, 1),
      seed,
    ),
    [...shape],
  );

const query = drawn([B, T, N, D], 1);
const key = drawn([B, T, M, D], 2);
const value = drawn([B, T, M, D], 3);

interface Options {
  readonly window?: number;
  readonly keyMask?: Tensor;
}

const headsFirst = (x: Tensor): Tensor => transpose(x, [0, 2, 1, 3]);
const steps = (x: Tensor, from: number, count: number): Tensor =>
  x.slice(
    x.shape.map((_, axis) => (axis === 1 ? from : 0)),
    x.shape.map((dim, axis) => (axis === 1 ? count : dim)),
  );

/** Attention as a layer runs it: over the fresh keys at first, over the caches later. */
function attend(from: number, count: number, { window, keyMask }: Options = {}): Tensor {
  const seen = seenKeys("attention", {
    key: steps(key, from, count),
    value: steps(value, from, count),
    keyMask: keyMask ? steps(keyMask, from, count) : null,
    window: window ?? null,
  });
  const source = seen.key.shape[1] ?? 0;
  const padding = seen.keyMask && reshape(seen.keyMask, [B, 1, 1, source]);
  const { visible } = seen;
  const mask = padding && visible ? padding.logicalAnd(visible) : (padding ?? visible);
  const isFresh = seen.visible === null;
  return headsFirst(
    scaledDotProductAttention(
      headsFirst(steps(query, from, count)),
      headsFirst(seen.key),
      headsFirst(seen.value),
      { causal: isFresh, window: isFresh ? (window ?? null) : null, mask },
    ),
  ); // [B, T, N, D]
}

/** The whole sequence in calls of these lengths, carried on from one to the next. */
function inCalls(lengths: readonly number[], options: Options = {}, capacity = 10): Tensor[] {
  let states: readonly Tensor[] = [];
  let from = 0;
  return lengths.map((count) => {
    const position = from === 0 ? null : scalar(from, "int32");
    const run = carryStates(states, () => attend(from, count, options), { position, capacity });
    states = run.states;
    from += count;
    return run.result;
  });
}

describe("values", () => {
  // Expected: causal attention over the whole sequence at once.
  const keyMask = tensor(
    Array.from({ length: B * T }, (_, i) => i % 5 !== 3),
    [B, T],
    "bool",
  );
  const cases: readonly [string, Options][] = [
    ["all that came before", {}],
    ["a window", { window: 3 }],
    ["a mask of keys", { keyMask }],
    ["a mask of keys and a window", { keyMask, window: 4 }],
  ];

  test.each(cases)("with %s are those of the whole sequence", async (_name, options) => {
    const whole = await attend(0, T, options).data();
    for (const lengths of [[1, 1, 1, 1, 1, 1, 1], [4, 1, 1, 1], [3, 2, 2], [6, 1], [7]]) {
      let from = 0;
      for (const [i, part] of inCalls(lengths, options).entries()) {
        const count = lengths[i] ?? 0;
        const expected = await steps(tensor(whole, [B, T, N, D]), from, count).data();
        const label = `${lengths.join()} from ${from}`;
        expectClose(await part.data(), expected, { ...tolerances.attention, label });
        from += count;
      }
    }
  });

  test("without a capacity the caches hold the first call", () => {
    const { states } = carryStates([], () => attend(0, 3));
    expect(states.map(({ shape }) => shape)).toEqual([
      [B, 3, M, D],
      [B, 3, M, D],
    ]);
  });
});

test("keys of another sequence are projected by the first call and kept", async () => {
  const layer = kept(layers.multiHeadAttention({ numHeads: 2, keyDim: 4 }));
  const [words, other] = [drawn([B, T, 6], 4), drawn([B, 5, 6], 5)];
  const expected = await layer.apply([words, other]).data();
  const first = steps(words, 0, 3);
  const begun = carryStates([], () => layer.apply([first, other]), { steps: first });
  expect(begun.states.map(({ shape }) => shape)).toEqual([
    [B, 5, 2, 4],
    [B, 5, 2, 4],
  ]);
  const next = steps(words, 3, 4);
  const place = { position: scalar(3, "int32"), steps: next };
  // What the layer is given now does not count: nobody computes anything of it.
  const call = () => layer.apply([next, drawn([B, 5, 6], 6)]);
  const { result } = carryStates(begun.states, call, place);
  const both = concat([begun.result, result], 1);
  expectClose(await both.data(), [...expected], { ...tolerances.attention, label: "both calls" });
});

test("what is computed from the steps is told from what is not", () => {
  const [own, other] = [drawn([B, 1, 6], 7), drawn([B, 5, 6], 8)];
  const ask = (x: Tensor, place = {}) =>
    carryStates([], () => carriedStates()?.isOfSteps(x), place).result;
  expect(ask(own.mul(2).add(other.slice([0, 0, 0], [B, 1, 6])), { steps: own })).toBe(true);
  expect(ask(other.mul(2), { steps: own })).toBe(false);
  expect(ask(other)).toBe(true); // nobody said what the steps are
});

test("whole sequences have no states", () => {
  const x = drawn([B, 5, 6], 9);
  const layer = kept(layers.multiHeadAttention({ numHeads: 2, keyDim: 4 }));
  const { states } = carryStates([], () => runWhole(() => layer.apply(x)));
  expect(states).toEqual([]);
  expect(() => carryStates([], () => layer.apply(x))).toThrow(NotStepwiseError);
});

test("a call with more steps than the caches hold is refused", () => {
  expect(() => carryStates([], () => attend(0, 5), { capacity: 4 })).toThrow(ArgumentError);
  expect(() => carryStates([], () => attend(0, 5), { capacity: 4 })).toThrow(/5 steps.*cache of 4/);
});

describe("the cache", () => {
  const [capacity, width] = [512, 64];

  /** Bytes that dispatches and copies between buffers move during `body`. */
  async function movedBytes(body: () => void): Promise<number> {
    const { device } = await currentEngine().gpu();
    const create = device.createCommandEncoder.bind(device);
    let copied = 0;
    const spy = vi.spyOn(device, "createCommandEncoder").mockImplementation((descriptor) => {
      const encoder = create(descriptor);
      const copy = encoder.copyBufferToBuffer.bind(encoder) as (...args: unknown[]) => undefined;
      encoder.copyBufferToBuffer = (...args: unknown[]): undefined => {
        copied += Number(args.at(-1));
        return copy(...args);
      };
      return encoder;
    });
    try {
      const { kernels } = await profile(body);
      return kernels.reduce((sum, { bytes }) => sum + bytes, copied);
    } finally {
      spy.mockRestore();
    }
  }

  test("that a step assigns moves as many bytes as the new rows, not as the cache", async () => {
    const cache = variable(zeros([1, capacity, width]), false);
    const rows = drawn([1, 1, width], 4);
    const run = (isAssigned: boolean) =>
      compile((given: Tensor, at: Tensor) => {
        const next = TensorClass.of(ops.cacheAppend(cache.value, given.value, at.value));
        if (isAssigned) cache.assign(next);
        return isAssigned ? [] : [next];
      });
    const [inPlace, copying] = [run(true), run(false)];
    for (const one of [inPlace, copying]) one(rows, scalar(0, "int32")); // uploads what it captured
    await idle();
    const cacheBytes = 4 * capacity * width;
    expect(await movedBytes(() => inPlace(rows, scalar(1, "int32")))).toBeLessThan(cacheBytes / 50);
    expect(await movedBytes(() => copying(rows, scalar(1, "int32")))).toBeGreaterThan(cacheBytes);
    inPlace.dispose();
    copying.dispose();
    cache.dispose();
  });

  test("is changed in place by a variable's update", async () => {
    const cache = variable(zeros([1, capacity, width]), false);
    const append = compile((rows: Tensor, at: Tensor) => {
      const next = TensorClass.of(ops.cacheAppend(cache.value, rows.value, at.value));
      cache.assign(next);
      return [next.sum()];
    });
    await append(drawn([1, 1, width], 4), scalar(0, "int32"))[0]?.data();
    const before = memory();
    for (let s = 1; s < 5; s++) {
      await append(drawn([1, 1, width], 4 + s), scalar(s, "int32"))[0]?.data();
    }
    await idle();
    expect(memory()).toEqual(before);
    const data = await cache.data();
    for (let s = 0; s < 5; s++) {
      expect(data.slice(s * width, (s + 1) * width)).toEqual(noise(width, 4 + s));
    }
    expect(data.slice(5 * width).every((x) => x === 0)).toBe(true);
    append.dispose();
    cache.dispose();
  });

  test("that is no variable is copied, and stays as it was", async () => {
    const cache = drawn([1, 8, 2], 9);
    const rows = drawn([1, 2, 2], 10);
    const appended = TensorClass.of(
      ops.cacheAppend(cache.value, rows.value, scalar(3, "int32").value),
    );
    const both = await appended.add(cache).data();
    const [old, added] = [await cache.data(), await rows.data()];
    const expected = old.map((x, i) => x + (i >= 6 && i < 10 ? (added[i - 6] ?? 0) : x));
    expect(both).toEqual(expected);
    expect((await explain(appended)).dispatches.map(({ kernel }) => kernel)).toContain(
      "cache_append",
    );
  });

  test("read beside the update that changes it gives the old content", async () => {
    const cache = variable(drawn([1, 4, 2], 11), false);
    const old = await cache.data();
    const run = compile((rows: Tensor) => {
      const next = TensorClass.of(
        ops.cacheAppend(cache.value, rows.value, scalar(1, "int32").value),
      );
      const before = cache.mul(2);
      cache.assign(next);
      return [before, next.mul(1)];
    });
    const rows = drawn([1, 1, 2], 12);
    const [before, after] = run(rows);
    expect(await before?.data()).toEqual(old.map((x) => 2 * x));
    const expected = old.slice();
    expected.set(await rows.data(), 2);
    expect(await after?.data()).toEqual(expected);
    expect(await cache.data()).toEqual(expected);
    run.dispose();
    cache.dispose();
  });
});
