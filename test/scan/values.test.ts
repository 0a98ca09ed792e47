import { describe, expect, test } from "vitest";
import {
  compile,
  counters,
  idle,
  memory,
  ones,
  randomNormal,
  randomUniform,
  scalar,
  scan,
  scope,
  type Tensor,
  tensor,
  variable,
  where,
  zeros,
} from "../../src/tensor/index.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { evaluate } from "../reference/interpreter.ts";
import { type Body, expectSame, unrolled } from "./unrolled.ts";

const values = async (one: Tensor): Promise<number[]> => [...(await one.data())];

describe("a loop on the GPU", () => {
  test("carries and stacks", async () => {
    const [sum, sums] = scan((c, x) => [c.add(x), c.add(x)], scalar(0), tensor([1, 2, 3, 4]));
    expect(await values(sums)).toEqual([1, 3, 6, 10]);
    expect(await values(sum)).toEqual([10]);
  });

  test("in reverse what is stacked stays at its step", async () => {
    const xs = tensor([1, 2, 3, 4]);
    const [sum, sums] = scan((c, x) => [c.add(x), c.add(x)], scalar(0), xs, { reverse: true });
    expect(await values(sums)).toEqual([10, 9, 7, 4]);
    expect(await values(sum)).toEqual([10]);
  });

  test("without xs it takes a length; nests come back as they went in", async () => {
    const carry = { n: scalar(1, "int32"), pair: [tensor([1, 2]), scalar(0)] as const };
    const [last, y] = scan(
      ({ n, pair: [a, b] }) => [{ n: n.add(n), pair: [a.neg(), b.add(1)] as const }, { a }],
      carry,
      null,
      { length: 5 },
    );
    expect(last.n.dtype).toBe("int32");
    expect(await values(last.n)).toEqual([32]);
    expect(await values(last.pair[0])).toEqual([-1, -2]);
    expect(await values(last.pair[1])).toEqual([5]);
    expect(y.a.shape).toEqual([5, 2]);
    expect(await values(y.a)).toEqual([1, 2, -1, -2, 1, 2, -1, -2, 1, 2]);
  });

  const h = randomNormal([3, 4], 0, 1, "float32", 1);
  const g = randomNormal([3, 4], 0, 1, "float32", 2);
  const kernel = randomNormal([4, 4], 0, 0.5, "float32", 3);
  const bias = variable(randomNormal([4], 0, 1, "float32", 4));
  const bodies: Record<string, Body> = {
    "a recurrent step": ([h], [x]) => {
      const next = (h as Tensor)
        .matMul(kernel)
        .add(x as Tensor)
        .add(bias)
        .tanh();
      return [[next], [next.mul(2)]];
    },
    "carries that change places": ([a, b], [x]) => [
      [b as Tensor, (a as Tensor).add(x as Tensor)],
      [a as Tensor],
    ],
    "carries that become the same": ([a, b], [x]) => {
      const sum = (a as Tensor).add(b as Tensor).mul(x as Tensor);
      return [[sum, sum], [sum]];
    },
    "a carry that is the piece itself": ([a, b], [x]) => [
      [x as Tensor, a as Tensor],
      [b as Tensor],
    ],
    "carries that stay, and that become what is outside": ([a]) => [
      [a as Tensor, g],
      [a as Tensor],
    ],
    "a carry that becomes a constant": ([a], [x]) => [
      [zeros([3, 4]), ones([3, 4])],
      [(a as Tensor).add(x as Tensor)],
    ],
    "reductions and wide captures": ([a, b], [x]) => {
      const mean = (a as Tensor).mean(1, true).add(bias.exp());
      return [
        [(a as Tensor).sub(mean), (b as Tensor).add((x as Tensor).sum())],
        [mean, (x as Tensor).max(1)],
      ];
    },
    "selection by bool": ([a, b], [x]) => {
      const keep = (x as Tensor).greater(0);
      return [
        [where(keep, x as Tensor, a as Tensor), b as Tensor],
        [keep, keep.cast("int32")],
      ];
    },
    "movement of pieces": ([a, b], [x]) => {
      const moved = (x as Tensor)
        .transpose()
        .reshape([3, 4])
        .add((a as Tensor).reverse(1));
      return [
        [moved.slice([0, 0], [3, 4]), (b as Tensor).add(moved)],
        [moved.slice([0, 1], [3, 2])],
      ];
    },
  };
  const places = [
    { length: 1, axis: 0 },
    { length: 2, axis: 1 },
    { length: 3, axis: 1 },
    { length: 6, axis: 0 },
  ];
  for (const [name, body] of Object.entries(bodies)) {
    const carry = name === "a recurrent step" ? [h] : [h, g];
    test.each(places)(`${name}, $length steps along axis $axis`, async ({ length, axis }) => {
      const shape = [3, 4];
      shape.splice(axis, 0, length);
      const xs = body.length > 1 ? [randomNormal(shape, 0, 1, "float32", 5)] : [];
      for (const reverse of [false, true]) {
        const options = { axis, reverse, length };
        const results = scan(body as never, carry, xs, options);
        await expectSame(results, unrolled(body, carry, xs, options), tolerances.samePrecision);
      }
    });
  }

  test("time on the last axis", async () => {
    const xs = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const [sum, sums] = scan((c, x) => [c.add(x), c.add(x)], zeros([2]), xs, { axis: 1 });
    expect(await values(sum)).toEqual([6, 15]);
    expect(await values(sums)).toEqual([1, 3, 6, 4, 9, 15]);
  });
});

describe("a loop in its surroundings", () => {
  test("is the interpreter's loop", async () => {
    const xs = tensor(
      Float32Array.from({ length: 24 }, (_, i) => Math.sin(i)),
      [4, 2, 3],
    );
    const start = tensor(
      Float32Array.from({ length: 6 }, (_, i) => Math.cos(i)),
      [2, 3],
    );
    const w = tensor(
      Float32Array.from({ length: 9 }, (_, i) => Math.cos(3 * i) / 2),
      [3, 3],
    );
    const results = scan(
      (h, x) => {
        const next = h.matMul(w).add(x).tanh();
        return [next, next.square()];
      },
      start,
      xs,
      { axis: 0, reverse: true },
    );
    const expected = evaluate(results.map(({ value }) => value));
    const found = await Promise.all(results.map((one) => one.data()));
    found.forEach((data, i) => {
      data.forEach((x, k) => {
        expect(x).toBeCloseTo(expected[i]?.[k] as number, 5);
      });
    });
  });

  test("loops in loops", async () => {
    const xs = randomNormal([3, 4, 2], 0, 1, "float32", 6);
    const inner: Body = ([c], [x]) => {
      const next = (c as Tensor).mul(0.5).add(x as Tensor);
      return [[next], [next.square()]];
    };
    const nested = (run: (b: Body, c: Tensor[], x: Tensor[]) => ReturnType<Body>): Body => {
      return ([c], [row]) => {
        const [[last], [squares]] = run(inner, [(c as Tensor).neg()], [row as Tensor]);
        return [[(last as Tensor).add(c as Tensor)], [(squares as Tensor).sum(0)]];
      };
    };
    const byScan = nested((b, c, x) => scan(b as never, c, x) as never);
    const byHand = nested((b, c, x) => unrolled(b, c, x));
    const start = [ones([2])];
    await expectSame(
      scan(byScan as never, start, [xs]),
      unrolled(byHand, start, [xs]),
      tolerances.samePrecision,
    );
  });

  test("in a compiled function it replays with new inputs", async () => {
    const scale = variable(scalar(1));
    const running = compile((xs: Tensor, start: Tensor) =>
      scan((c, x) => [c.add(x.mul(scale)), c], start, xs),
    );
    const results = (): Promise<number[][]> => {
      const [last, before] = running(tensor([1, 2, 3]), scalar(10));
      return Promise.all([values(last), values(before)]);
    };
    expect(await results()).toEqual([[16], [10, 11, 13]]);
    scale.assign(scalar(2));
    expect(await results()).toEqual([[22], [10, 12, 16]]);
    await results();
    const { plansCreated, pipelinesCreated, bindGroupsCreated } = counters();
    await results();
    expect(counters()).toMatchObject({ plansCreated, pipelinesCreated, bindGroupsCreated });
    running.dispose();
    scale.dispose();
  });

  test("what the scope around has assigned is what the body reads", async () => {
    const w = variable(scalar(1));
    const sum = scope("test", () => {
      w.assign(scalar(5));
      return scan((c) => [c.add(w), null], scalar(0), null, { length: 3 })[0];
    });
    expect(await values(sum)).toEqual([15]);
    w.dispose();
  });

  test("each step draws numbers of its own, in loops in loops as well", async () => {
    const drawn = (shape: number[]): Tensor => randomUniform(shape, 0, 1, "float32", 7);
    const [, ys] = scan((c) => [c, drawn([3])], scalar(0), null, { length: 4 });
    expect(await values(ys)).toEqual(await values(drawn([4, 3])));
    const [, nested] = scan(
      (c) => [c, scan((d) => [d, drawn([3])], c, null, { length: 2 })[1]],
      scalar(0),
      null,
      { length: 4 },
    );
    expect(await values(nested)).toEqual(await values(drawn([4, 2, 3])));
  });

  test("nothing stays on the GPU but what is kept", async () => {
    await idle();
    const before = memory();
    const [last, ys] = scan((c, x) => [c.add(x), c], zeros([100]), ones([50, 100]));
    await Promise.all([last.data(), ys.data()]);
    last.dispose();
    ys.dispose();
    expect(memory()).toEqual(before);
  });
});
