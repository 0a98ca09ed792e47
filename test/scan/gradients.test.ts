import { describe, expect, test } from "vitest";
import {
  customGrad,
  dropout,
  grad,
  grads,
  randomNormal,
  randomUniform,
  scan,
  stopGradient,
  type Tensor,
  tensor,
  variable,
  variableGrads,
  where,
} from "../../src/tensor/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { type Body, expectSame, gradientsOf, total, unrolled } from "./unrolled.ts";

const draw = (shape: number[], seed: number): Tensor =>
  randomNormal(shape, 0, 0.7, "float32", seed);

/** A step made from tensors outside, which get gradients, too. */
type Made = (...outside: Tensor[]) => Body;

const lstmLike: Made =
  (w, u, b) =>
  ([h, c], [x]) => {
    const z = (h as Tensor)
      .matMul(w as Tensor)
      .add((x as Tensor).matMul(u as Tensor))
      .add(b as Tensor); // [3, 8]
    const gate = z.slice([0, 0], [3, 4]).sigmoid();
    const next = gate.mul(c as Tensor).add(z.slice([0, 4], [3, 4]).tanh());
    return [
      [next.tanh(), next],
      [next, gate],
    ];
  };

const cases: Record<string, { made: Made; outside: Tensor[]; carry: Tensor[]; xs: Tensor[] }> = {
  "a gated step": {
    made: lstmLike,
    outside: [draw([4, 8], 1), draw([2, 8], 2), draw([8], 3)],
    carry: [draw([3, 4], 4), draw([3, 4], 5)],
    xs: [draw([3, 5, 2], 6)],
  },
  "several sequences, one unused by the carry": {
    made:
      (w) =>
      ([h], [x, y]) => [
        [(h as Tensor).mul(w as Tensor).add(x as Tensor)],
        [(y as Tensor).mul(h as Tensor)],
      ],
    outside: [draw([3, 2], 1)],
    carry: [draw([3, 2], 2)],
    xs: [draw([3, 5, 2], 3), draw([3, 5, 2], 4)],
  },
  "a masked step": {
    made:
      (w) =>
      ([h], [x, keep]) => {
        const next = (h as Tensor)
          .matMul(w as Tensor)
          .add(x as Tensor)
          .tanh();
        const held = where((keep as Tensor).greater(0), next, (h as Tensor).mul(keep as Tensor));
        return [[held], [held]];
      },
    outside: [draw([2, 2], 1)],
    carry: [draw([3, 2], 2)],
    xs: [draw([3, 5, 2], 3), draw([3, 5, 1], 4)],
  },
};

describe("gradients of a loop", () => {
  for (const [name, { made, outside, carry, xs }] of Object.entries(cases)) {
    for (const reverse of [false, true]) {
      test(`${name}${reverse ? ", in reverse" : ""}`, async () => {
        const inputs = [...outside, ...carry, ...xs];
        const parts = (given: Tensor[]): [Body, Tensor[], Tensor[]] => [
          made(...given.slice(0, outside.length)),
          given.slice(outside.length, outside.length + carry.length),
          given.slice(outside.length + carry.length),
        ];
        const options = { axis: 1, reverse };
        const found = gradientsOf((...given) => {
          const [body, carry, xs] = parts(given);
          return scan(body as never, carry, xs, options);
        }, inputs);
        const expected = gradientsOf((...given) => unrolled(...parts(given), options), inputs);
        await expectSame(found, expected, tolerances.recurrentGradient);
      });
    }
  }

  test("a tensor that is sequence, capture and first carry at once", async () => {
    const loop = (run: typeof unrolled) => (all: Tensor) => {
      const first = all.slice([0, 0], [1, 2]).reshape([2]);
      const body: Body = ([h], [x]) => [
        [
          (h as Tensor)
            .mul(0.5)
            .add(all.mean(0))
            .add((x as Tensor).mul(first)),
        ],
        [h as Tensor],
      ];
      return run(body, [first], [all]);
    };
    const all = draw([4, 2], 9);
    await expectSame(
      gradientsOf(loop(scan as never), [all]),
      gradientsOf(loop(unrolled), [all]),
      tolerances.recurrentGradient,
    );
  });

  test("variables in the body, by name", async () => {
    const w = variable(draw([2, 2], 1), true, "w");
    const still = variable(draw([2], 2), true, "still");
    const [h, xs] = [draw([3, 2], 3), draw([4, 3, 2], 4)];
    const body: Body = ([h], [x]) => {
      const next = (h as Tensor)
        .matMul(w)
        .add(x as Tensor)
        .add(stopGradient(still))
        .tanh();
      return [[next], [next]];
    };
    const looped = variableGrads(() => total(scan(body as never, [h], [xs])));
    const expected = variableGrads(() => total(unrolled(body, [h], [xs])));
    expect(Object.keys(looped.grads)).toEqual(["w"]);
    await expectSame(looped, expected, tolerances.recurrentGradient);
    w.dispose();
    still.dispose();
  });

  test("whole numbers are carried along and have no gradient", async () => {
    const one = tensor(1, [], "int32");
    const f = (x: Tensor): Tensor => {
      const [[sum, count]] = scan(
        ([sum, n], x) => [[sum.add(x.mul(n.cast("float32"))), n.add(one)], null],
        [tensor(0), one],
        x,
      );
      return sum.mul(count.cast("float32"));
    };
    // Σ x_t·(t+1), times T+1
    expect([...(await grad(f)([1, 1, 1]).data())]).toEqual([4, 8, 12]);
  });

  test("a gradient of one's own in the body", async () => {
    const doubled = customGrad((x: Tensor) => ({ value: x.mul(1), gradFunc: (dy) => dy.mul(2) }));
    const f = (x: Tensor): Tensor => scan((c, x) => [c.add(doubled(x)), null], tensor(0), x)[0];
    expect([...(await grad(f)([1, 2, 3]).data())]).toEqual([2, 2, 2]);
  });

  test("what a step draws is the same in its gradient", async () => {
    const x = draw([6, 50], 1);
    const f = (x: Tensor): Tensor[] => {
      const [, ys] = scan((c, x) => [c, dropout(x, 0.5)], tensor(0), x);
      return [ys];
    };
    let dropped: Tensor | undefined;
    const [dx] = grads((x) => {
      const [ys] = f(x);
      dropped = ys as Tensor;
      return dropped.sum();
    })([x]);
    const [kept, slope] = await Promise.all([(dropped as Tensor).data(), (dx as Tensor).data()]);
    expect(slope.some((s) => s === 0) && slope.some((s) => s === 2)).toBe(true);
    slope.forEach((s, i) => {
      expect(s === 0).toBe(kept[i] === 0);
    });
    const rows = [0, 1].map((t) => slope.slice(50 * t, 50 * (t + 1)).join());
    expect(rows[0]).not.toBe(rows[1]);
  });

  test("of the second order", async () => {
    const first = (run: typeof unrolled) => (w: Tensor, h: Tensor, xs: Tensor) => {
      const body =
        (w: Tensor): Body =>
        ([h], [x]) => {
          const next = (h as Tensor)
            .mul(w)
            .add(x as Tensor)
            .tanh();
          return [[next], [next.square()]];
        };
      return gradientsOf(
        (w, h, xs) => run(body(w as Tensor), [h as Tensor], [xs as Tensor]),
        [w, h, xs],
      );
    };
    const inputs = [draw([3], 1), draw([3], 2), draw([5, 3], 3)];
    await expectSame(
      gradientsOf(first(scan as never) as never, inputs),
      gradientsOf(first(unrolled) as never, inputs),
      tolerances.recurrentGradient,
    );
  });

  test("through a loop in a loop", async () => {
    const made = (run: typeof unrolled) => (w: Tensor, rows: Tensor) => {
      const inner: Body = ([c], [x]) => [
        [
          (c as Tensor)
            .mul(w)
            .add(x as Tensor)
            .tanh(),
        ],
        [c as Tensor],
      ];
      const outer: Body = ([c], [row]) => {
        const [[last], [before]] = run(inner, [c as Tensor], [row as Tensor]);
        return [[(last as Tensor).add((before as Tensor).mean(0))], [last as Tensor]];
      };
      return run(outer, [w.mul(0)], [rows]);
    };
    const inputs = [draw([2], 1), draw([3, 4, 2], 2)];
    await expectSame(
      gradientsOf(made(scan as never) as never, inputs),
      gradientsOf(made(unrolled) as never, inputs),
      tolerances.recurrentGradient,
    );
  });

  test("agree with differences in one random direction", async () => {
    const w = draw([3, 3], 1);
    const direction = randomUniform([3, 3], -1, 1, "float32", 2);
    const xs = draw([6, 2, 3], 3);
    const f = (w: Tensor): Tensor => {
      const [h] = scan((h, x) => [h.matMul(w).add(x).tanh(), null], draw([2, 3], 4), xs);
      return h.square().sum();
    };
    const step = 1e-2;
    const slope = f(w.add(direction.mul(step)))
      .sub(f(w.sub(direction.mul(step))))
      .div(2 * step);
    const found = grad(f)(w).mul(direction).sum();
    expectClose(await found.data(), await slope.data(), tolerances.randomDirectionRecurrent);
  });
});
