import { expect, test } from "vitest";
import {
  grad,
  matMul,
  randomNormal,
  scalar,
  scan,
  type Tensor,
  tidy,
  variable,
  zeros,
} from "../../src/tensor/index.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { expectSame, unrolled } from "./unrolled.ts";

test("gradients inside a body: descent as a loop, and its gradient by the rate", async () => {
  const x = randomNormal([8, 3], 0, 1, "float32", 1);
  const y = randomNormal([8, 1], 0, 1, "float32", 2);
  const descended = (run: typeof unrolled) => (rate: Tensor) => {
    const cost = (w: Tensor): Tensor => matMul(x, w).sub(y).square().mean();
    const [[w]] = run(
      ([w]) => [[(w as Tensor).sub(grad(cost)(w as Tensor).mul(rate))], []],
      [zeros([3, 1])],
      [],
      { length: 5 },
    );
    return cost(w as Tensor);
  };
  const both = [scan as never, unrolled].map((run) => [
    descended(run)(scalar(0.1)),
    grad(descended(run))(0.1),
  ]);
  await expectSame(both[0], both[1], tolerances.gradient);
});

test("a variable to begin with, and tidy around", async () => {
  const start = variable(scalar(2));
  const powers = tidy(() => scan((c) => [c.mul(2), c], start, null, { length: 3 })[1]);
  start.assign(scalar(0));
  await expect(powers.data()).rejects.toThrow(/before it changed/);
  const again = tidy(() => scan((c) => [c.add(1), c], start, null, { length: 3 })[1]);
  expect([...(await again.data())]).toEqual([0, 1, 2]);
  start.dispose();
});
