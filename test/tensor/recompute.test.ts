import { describe, expect, test } from "vitest";
import * as sl from "../../src/index.ts";
import { tensorsIn } from "../../src/tensor/containers.ts";
import { wave } from "../helpers/golden.ts";

const wavy = (shape: readonly number[], phase: number, scale = 1) =>
  sl.tensor(wave(shape, phase, scale), shape);

/** Words of all tensors in a nest, to be compared bit by bit. */
async function bitsOf(container: unknown): Promise<number[][]> {
  const all = await Promise.all(tensorsIn(container).map((tensor) => tensor.data()));
  return all.map((values) => Array.from(new Uint32Array(Float32Array.from(values).buffer)));
}

type Body = (x: sl.Tensor) => sl.Tensor;
type Wrap = (body: Body) => Body;
const plain: Wrap = (body) => body;
const again: Wrap = (body) => sl.recompute(body);

/** Value and gradients of a body, and of the same body as a block. */
async function compare(make: (wrap: Wrap) => unknown): Promise<void> {
  const [expected, actual] = [await bitsOf(make(plain)), await bitsOf(make(again))];
  expect(expected.flat().some((word) => word !== 0)).toBe(true);
  expect(actual).toEqual(expected);
}

describe("recompute", () => {
  const w = () => sl.variable(wavy([6, 6], 0.3, 0.8), true, "w");
  const b = () => sl.variable(wavy([6], 0.7), true, "b");

  test("is the function itself, forward", async () => {
    const x = wavy([4, 6], 0.1);
    const block = sl.recompute((a: sl.Tensor, { k }: { k: number }) => [
      a.mul(k),
      { sum: a.sum() },
    ]);
    const [product, { sum }] = block(x, { k: 3 }) as [sl.Tensor, { sum: sl.Tensor }];
    expect(await bitsOf([product, sum])).toEqual(await bitsOf([x.mul(3), x.sum()]));
    expect(Object.is(product, x)).toBe(false);
  });

  test("has the same gradients, of variables that it captures too, bit by bit", async () => {
    const [kernel, bias] = [w(), b()];
    await compare((wrap) => {
      const block = wrap((x) => x.matMul(kernel).add(bias).tanh().matMul(kernel).add(x));
      return sl.variableGrads(() =>
        block(block(wavy([4, 6], 0.2)))
          .square()
          .sum(),
      );
    });
  });

  test("draws the same random numbers again", async () => {
    const kernel = w();
    await compare((wrap) => {
      sl.setSeed(5);
      const block = wrap((x) => {
        const seen = sl.randomUniform([4, 6]).less(0.5);
        return sl.where(seen, x.matMul(kernel).sin(), sl.zeros([4, 6])).matMul(kernel);
      });
      return sl.variableGrads(() =>
        block(block(wavy([4, 6], 0.2)))
          .square()
          .sum(),
      );
    });
  });

  test("holds blocks, and loops over what the block computes", async () => {
    const kernel = w();
    await compare((wrap) => {
      const inner = wrap((x) => x.matMul(kernel).exp());
      const block = wrap((x) => {
        const scaled = inner(x.mul(0.1)).mul(0.3);
        const turns = sl.tensor([0.5, 0.25, 0.125]);
        const [last] = sl.scan(
          (h, t) => [h.matMul(kernel).mul(t).add(scaled).tanh(), null],
          x,
          turns,
        );
        return last.add(inner(scaled));
      });
      return sl.variableGrads(() =>
        block(wavy([4, 6], 0.2))
          .square()
          .sum(),
      );
    });
  });

  test("stands in the body of a loop", async () => {
    const kernel = w();
    await compare((wrap) => {
      const block = wrap((x) => x.matMul(kernel).tanh().mul(x));
      return sl.variableGrads(() => {
        const [h, ys] = sl.scan(
          (carry, x) => {
            const next = block(carry.add(x));
            return [next, next.square()];
          },
          wavy([2, 6], 0.4),
          wavy([3, 2, 6], 0.2),
        );
        return h.sum().add(ys.sum());
      });
    });
  });

  test("has several outputs, one of them an input, one unused; its inputs serve elsewhere too", async () => {
    const kernel = w();
    type Two = (a: sl.Tensor, b: sl.Tensor) => { outputs: sl.Tensor[]; unused: sl.Tensor };
    const body: Two = (a, b) => {
      const product = a.matMul(kernel).sin();
      return { outputs: [product, b, product.mul(b)], unused: a.exp() };
    };
    const run = (block: Two) =>
      sl.valueAndGrads((a: sl.Tensor, b: sl.Tensor) => {
        const inner = a.cos();
        const { outputs } = block(inner, b);
        const total = outputs.reduce((sum, one) => sum.add(one));
        return total
          .mul(inner)
          .add(block(inner, b).outputs[0] as sl.Tensor)
          .sum();
      })([wavy([4, 6], 0.2), wavy([4, 6], 0.9)]);
    expect(await bitsOf(run(sl.recompute(body)))).toEqual(await bitsOf(run(body)));
  });

  test("has gradients of gradients, and of what stands inside", async () => {
    await compare((wrap) => {
      const block = wrap((x) => x.mul(x).sin().mul(x));
      const slope = sl.grad((x) => block(x).sum());
      return sl.valueAndGrad((x: sl.Tensor) => slope(x).square().sum())(wavy([5], 0.3));
    });
    const inner = sl.recompute((x: sl.Tensor) =>
      sl
        .grad((y) => y.mul(x).square())(x)
        .mul(x),
    );
    const { grad } = sl.valueAndGrad((x: sl.Tensor) => inner(x).sum())([1, 2]);
    // d/dy y⁴ = 4·y³, times x: 4·x⁴, whose slope is 16·x³.
    expect(Array.from(await grad.data())).toEqual([16, 128]);
  });

  test("works in a compiled function, also where other numbers come in at each run", async () => {
    const kernel = w();
    const make = (wrap: Wrap) => {
      const block = wrap((x) =>
        x
          .matMul(kernel)
          .tanh()
          .mul(sl.randomNormal([4, 6])),
      );
      return sl.compile((x: sl.Tensor) => sl.variableGrads(() => block(block(x)).square().sum()));
    };
    const runs = [plain, again].map(async (wrap) => {
      sl.setSeed(11);
      const step = make(wrap);
      const bits = [0.1, 0.5].map((phase) => bitsOf(step(wavy([4, 6], phase))));
      return (await Promise.all(bits)).flat();
    });
    const [expected, actual] = await Promise.all(runs);
    expect(actual).toEqual(expected);
  });

  test("names what is no block", () => {
    const call = (fn: unknown) => () => sl.recompute(fn as Body)(sl.ones([2]));
    expect(call(3)).toThrow(sl.ArgumentError);
    expect(call(() => 3)).toThrow("recompute: the function gave 3. Expected a tensor");
    expect(call(() => undefined)).toThrow(sl.ArgumentError);
    expect(call(async (x: sl.Tensor) => x)).toThrow(sl.TraceError);
  });
});
