import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Request } from "../../src/compiler/canonical.ts";
import { LimitError, SluiceError } from "../../src/errors.ts";
import { DEFAULT_LIMITS } from "../../src/gpu/limits.ts";
import { HostScalar } from "../../src/graph/host-scalar.ts";
import type { Value } from "../../src/graph/node.ts";
import { gradientCheck } from "../../src/ops/gradient-check.ts";
import { ops } from "../../src/ops/index.ts";
import { TINY_LIMITS } from "../helpers/tiny-limits.ts";
import { checkPlan } from "./check-plan.ts";
import { arena, canonicalOf, descent, host, lone, planOf, result } from "./plans.ts";
import { buildGraph, outputsOf, type Recipe, recipes } from "./random-graph.ts";

function check(request: Partial<Request>): ReturnType<typeof planOf> {
  const plan = planOf(request);
  checkPlan(plan, canonicalOf(request), DEFAULT_LIMITS);
  return plan;
}

const names = (plan: ReturnType<typeof planOf>): string[] =>
  plan.dispatches.map(({ kernel }) => kernel.name);

describe("plan", () => {
  test("of any graph keeps WebGPU's rules of binding and reads nothing that was not written", () => {
    fc.assert(
      fc.property(recipes(30), (recipe) => {
        check({ outputs: outputsOf(recipe, buildGraph(recipe, leavesOf(recipe))) });
      }),
      { numRuns: 250 },
    );
  });

  test("of any graph with assignments does, too", () => {
    fc.assert(
      fc.property(recipes(20), (recipe) => {
        const variables = recipe.leaves.filter(({ dtype }) => dtype === "float32");
        const made = arena(...variables.map(({ shape }) => shape));
        const values = buildGraph(recipe, leavesOf(recipe).concat(made.map(({ leaf }) => leaf)));
        const writes = made.flatMap(({ storage }) => {
          const value = values.findLast(
            (one) => one.dtype === "float32" && one.shape.join() === storage.spec.shape.join(),
          );
          return value ? [{ storage, value }] : [];
        });
        check({ outputs: outputsOf(recipe, values), writes });
      }),
      { numRuns: 100 },
    );
  });

  test("throws LimitError, with shape and bytes, for a tensor that no binding can hold", () => {
    const plan = (): unknown => planOf({ outputs: [ops.exp(host([33, 32]))] }, TINY_LIMITS);
    expect(plan).toThrow(LimitError);
    expect(plan).toThrow(/\[33,32\] takes 4224 bytes.*at most 4096/);
    expect(() => planOf({ outputs: [ops.exp(host([32, 32]))] }, TINY_LIMITS)).not.toThrow();
  });

  test("throws LimitError for more elements than kernels can count, though they lie nowhere", () => {
    const sumOf = (...shape: number[]): unknown =>
      planOf({ outputs: [ops.sum(ops.broadcastTo(host([1]), shape))] });
    expect(() => sumOf(65_536, 65_537)).toThrow(LimitError);
    expect(() => sumOf(65_536, 65_536)).toThrow(
      /\[65536,65536\] has 4294967296 elements.*at most 4294967295/,
    );
    expect(() => sumOf(65_536, 65_535)).not.toThrow();
  });

  test("throws LimitError for partials that no binding can hold", () => {
    const limits = { ...TINY_LIMITS, maxComputeWorkgroupsPerDimension: 100 };
    const sumOf = (length: number): unknown =>
      planOf({ outputs: [ops.sum(ops.broadcastTo(host([1]), [512, length]), [1])] }, limits);
    expect(() => sumOf(20_000)).toThrow(LimitError);
    expect(() => sumOf(20_000)).toThrow(/6144 bytes for intermediate results.*at most 4096/);
    expect(() => sumOf(10_000)).not.toThrow();
  });

  test("throws LimitError, before anything is allocated, for memory that only lowering asks for", () => {
    const gradients = [host([600]), host([600])];
    const scalars = { step: HostScalar.of(0, "int32"), sticky: HostScalar.of(0, "int32") };
    const { control } = gradientCheck({ gradients, fault: host([4], "int32") }, scalars);
    // Each gradient takes 2,400 bytes; side by side they are one binding of 5,120.
    const plan = (): unknown => planOf({ outputs: [control] }, TINY_LIMITS);
    expect(plan).toThrow(LimitError);
    expect(plan).toThrow(/gradientCheck:gradient_check: .* takes 5120 bytes.*at most 4096/);
    expect(() => planOf({ outputs: [control] }, DEFAULT_LIMITS)).not.toThrow();
  });

  test("spreads many workgroups over two dimensions, and none is more than the device allows", () => {
    const outputs = [ops.exp(host([1000])), ops.sum(host([20, 40]), [1])];
    const plan = planOf({ outputs }, TINY_LIMITS);
    checkPlan(plan, canonicalOf({ outputs }), TINY_LIMITS);
    // 1,000 elements are 16 workgroups of 64, of which one dimension holds 8.
    expect(plan.dispatches.map(({ workgroups }) => workgroups.join())).toContain("8,2,1");
  });

  test("hands an input out as it is, without a dispatch", () => {
    const x = host([3]);
    const plan = check({ outputs: [x, x] });
    expect(plan.dispatches).toEqual([]);
    expect(plan.outputs.length).toBe(2);
  });

  test("empty tensors need no dispatch, but have a place", () => {
    const product = ops.matMul(host([0, 3]), host([3, 2]));
    const plan = check({ outputs: [product, ops.softmax(host([0, 3])), ops.sum(product)] });
    expect(plan.dispatches.length).toBe(1);
    expect(plan.outputs.map(({ spec }) => spec.shape)).toEqual([[0, 2], [0, 3], []]);
  });

  test("copies small results and host data in, and binds variables and large results where they lie", () => {
    const inputs = [host([4]), result([4]), result([20_000]), lone([4]).leaf];
    const plan = check({ outputs: [inputs.map((x) => ops.sum(x)).reduce(ops.add)] });
    expect(plan.leaves.map(({ slot }) => slot >= 0)).toEqual([true, true, false, false]);
  });
});

describe("updates in place", () => {
  const gradients = (variables: readonly { leaf: Value }[]): Value[] =>
    variables.map(({ leaf }) => ops.mul(leaf, ops.literal(2)));

  test("one check and one update cover variables that lie side by side", () => {
    const variables = arena([3], [70], [2, 2]);
    const { request } = descent(variables, gradients(variables));
    const plan = check({ writes: request });
    expect(names(plan).filter((name) => name.startsWith("optimizer"))).toEqual([
      "optimizer_update_sgd",
    ]);
    expect(plan.writes.map(({ inPlace }) => inPlace)).toEqual([true, true, true, false]);
    // One arena for both: three gradients, check, its end, update.
    expect(plan.dispatches.length).toBe(6);
  });

  test("what reads the old content runs before the update", () => {
    const variables = arena([3], [4]);
    const { request } = descent(variables, gradients(variables));
    const read = ops.sum(ops.exp(variables[0]?.leaf as Value));
    const plan = check({ outputs: [read], writes: request });
    const at = names(plan).indexOf("optimizer_update_sgd");
    expect(names(plan).indexOf("sum")).toBeLessThan(at);
  });

  test("the old content itself can be an output: it is copied out first", () => {
    const [variable] = arena([3]);
    if (!variable) throw new Error("no variable");
    const { request } = descent([variable], gradients([variable]));
    const plan = check({ outputs: [variable.leaf], writes: request });
    expect(names(plan).indexOf("copy")).toBeLessThan(names(plan).indexOf("optimizer_update_sgd"));
    expect(plan.outputs[0]?.memory.kind).toBe("slot");
  });

  test("a value that needs old and new content is refused, with the way out", () => {
    const [variable] = arena([3]);
    if (!variable) throw new Error("no variable");
    const { request, updated } = descent([variable], gradients([variable]));
    const both = ops.sub(variable.leaf, updated[0] as Value);
    expect(() => planOf({ outputs: [both], writes: request })).toThrow(SluiceError);
    expect(() => planOf({ outputs: [both], writes: request })).toThrow(/before the update/);
  });

  test("a second update goes on where the first one ended", () => {
    const variables = arena([3], [4]);
    const first = descent(variables, gradients(variables));
    const between = first.updated.map((leaf) => ({ leaf }));
    const second = descent(variables, gradients(between), { parameters: first.updated });
    const writes = [
      ...second.request.slice(0, 2),
      first.request[2],
      second.request[2],
    ] as Request["writes"];
    const plan = check({ outputs: [first.updated[0] as Value], writes });
    expect(names(plan).filter((name) => name === "optimizer_update_sgd").length).toBe(2);
    expect(plan.writes.map(({ inPlace }) => inPlace)).toEqual([true, true, false, false]);
    // What was asked for lies between the two updates: it is copied before the second.
    expect(names(plan).indexOf("copy")).toBeLessThan(
      names(plan).lastIndexOf("optimizer_update_sgd"),
    );
  });

  test("parameters that were computed are updated in a copy, never in another variable", () => {
    const [variable, other] = [lone([3]), lone([3])];
    const assigned = descent([variable], gradients([variable]), { parameters: [other.leaf] });
    const plan = check({ writes: assigned.request });
    expect(plan.writes.map(({ inPlace }) => inPlace)).toEqual([false, false]);
    expect(plan.writes[0]?.memory.kind).toBe("slot");
  });

  test("an update that nobody stores changes no variable", () => {
    const [variable] = arena([3]);
    if (!variable) throw new Error("no variable");
    const { updated } = descent([variable], gradients([variable]));
    const plan = check({ outputs: updated });
    const update = plan.dispatches.find(({ kernel }) => kernel.name === "optimizer_update_sgd");
    expect(update?.bindings.every(({ kind }) => kind !== "leaf")).toBe(true);
  });

  test("gradients that were computed before, or are variables, are brought together by copies", () => {
    const variables = arena([3], [70]);
    for (const given of [
      [host([3]), result([70])],
      [lone([3]).leaf, lone([70]).leaf],
    ]) {
      const plan = check({ writes: descent(variables, given).request });
      expect(names(plan).filter((name) => name === "copy").length).toBe(2);
    }
  });

  test("a gradient that is the variable itself is copied: no buffer is read and written at once", () => {
    const variables = arena([3], [70]);
    const plan = check({
      writes: descent(
        variables,
        variables.map(({ leaf }) => leaf),
      ).request,
    });
    expect(plan.writes.slice(0, 2).every(({ inPlace }) => inPlace)).toBe(true);
  });

  test("a gradient made from another one of its arena is copied in", () => {
    const variables = arena([3], [3]);
    const first = ops.tanh(variables[0]?.leaf as Value);
    const shared = ops.exp(first);
    const plan = check({ outputs: [first], writes: descent(variables, [first, shared]).request });
    expect(names(plan)).toContain("copy");
  });

  test("the same gradient for two variables lies in the arena twice", () => {
    const variables = arena([3], [3]);
    const gradient = ops.tanh(host([3]));
    const plan = check({ writes: descent(variables, [gradient, gradient]).request });
    expect(names(plan)).toContain("copy");
  });

  test("variables that do not lie side by side are updated in copies", () => {
    const variables = [lone([3]), lone([4])];
    const plan = check({ writes: descent(variables, gradients(variables)).request });
    expect(plan.writes.map(({ inPlace }) => inPlace)).toEqual([false, false, false]);
  });
});

/** Leaves of every kind, by turns. */
function leavesOf(recipe: Recipe): Value[] {
  return recipe.leaves.map(({ shape, dtype }, i) => {
    if (dtype !== "float32" || i % 3 === 0) return host(shape, dtype);
    return i % 3 === 1 ? lone(shape).leaf : result(shape);
  });
}
