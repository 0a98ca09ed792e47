import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Value } from "../../src/graph/node.ts";
import { specOf } from "../../src/graph/spec.ts";
import { ops } from "../../src/ops/index.ts";
import { source } from "../../src/ops/leaves.ts";
import { arena, canonicalOf, host, lone, result, scalar } from "./plans.ts";
import { buildGraph, outputsOf, recipes } from "./random-graph.ts";

const key = (...outputs: readonly Value[]): string => canonicalOf({ outputs }).key;

describe("canonical", () => {
  test("the same structure has the same key, whatever was recorded in between", () => {
    fc.assert(
      fc.property(recipes(15), (recipe) => {
        const build = (): string => {
          const leaves = recipe.leaves.map(({ shape, dtype }) => host(shape, dtype));
          return key(...outputsOf(recipe, buildGraph(recipe, leaves)));
        };
        expect(build()).toBe(build());
      }),
      { numRuns: 100 },
    );
  });

  test("run-time numbers are no part of the key, constants are", () => {
    const scaled = (by: number): string => key(ops.mul(host([2]), scalar(by)));
    expect(scaled(2)).toBe(scaled(3));
    const shifted = (by: number): string => key(ops.add(host([2]), ops.literal(by)));
    expect(shifted(2)).not.toBe(shifted(3));
  });

  test("tells constants apart that JSON does not", () => {
    const keys = [0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map((x) =>
      key(ops.literal(x, [2])),
    );
    expect(new Set(keys).size).toBe(5);
  });

  test("shape and dtype are in the key", () => {
    const keys = [host([2, 3]), host([3, 2]), host([6]), host([2, 3], "int32")].map((x) => key(x));
    expect(new Set(keys).size).toBe(4);
  });

  test("which leaves are the same is in the key", () => {
    const [x, y] = [host([2]), host([2])];
    expect(key(ops.add(x, x))).not.toBe(key(ops.add(x, y)));
  });

  test("which run-time numbers are the same is in the key", () => {
    const [a, b] = [scalar(1), scalar(1)];
    const x = host([2]);
    expect(key(ops.mul(ops.add(x, a), a))).not.toBe(key(ops.mul(ops.add(x, a), b)));
  });

  test("which outputs are asked for is in the key, and in which order", () => {
    const x = host([2]);
    const [a, b] = [ops.exp(x), ops.neg(ops.exp(x))];
    expect(new Set([key(a), key(a, b), key(b, a)]).size).toBe(3);
  });

  test("where a leaf's data lies is in the key: host, result, variable, argument", () => {
    const argument = (staged: boolean): Value =>
      source(specOf([2]), { kind: "argument", index: 0, staged });
    const keys = [host([2]), result([2]), lone([2]).leaf, argument(true), argument(false)];
    expect(new Set(keys.map((x) => key(x))).size).toBe(5);
  });

  test("how variables lie to each other is in the key, which buffer they lie in is not", () => {
    const sum = ([a, b]: readonly { leaf: Value }[]): string =>
      key(ops.add(a?.leaf as Value, b?.leaf as Value));
    const together = sum(arena([2], [2]));
    expect(sum(arena([2], [2]))).toBe(together);
    expect(sum([lone([2]), lone([2])])).not.toBe(together);
    const [first, , third] = arena([2], [2], [2]);
    expect(first && third && sum([first, third])).not.toBe(together);
  });

  test("which variable is written is in the key", () => {
    const [read, other] = [lone([2]), lone([2])];
    const write = (storage: typeof read.storage): string =>
      canonicalOf({ writes: [{ storage, value: ops.exp(read.leaf) }] }).key;
    expect(write(read.storage)).not.toBe(write(other.storage));
  });

  test("two reads of one storage are one leaf", () => {
    const { storage } = lone([2]);
    const read = (): Value => source(storage.spec, { kind: "storage", storage, version: 0 });
    expect(canonicalOf({ outputs: [ops.add(read(), read())] }).leaves.length).toBe(1);
  });

  test("what was computed and kept is a leaf: its history is not looked at", () => {
    const kept = ops.exp(ops.matMul(host([2, 2]), host([2, 2])));
    const before = key(ops.neg(kept));
    const from = result([2, 2]).node.source;
    kept.kept = from ?? null;
    expect(key(ops.neg(kept))).toBe(key(ops.neg(result([2, 2]))));
    expect(before).not.toBe(key(ops.neg(kept)));
  });

  test("a chain of 20,000 operations is walked without recursion", () => {
    let x = host([1]);
    for (let i = 0; i < 20_000; i++) x = ops.neg(x);
    expect(canonicalOf({ outputs: [x] }).nodes.length).toBe(20_001);
  });
});
