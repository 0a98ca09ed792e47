import { describe, expect, test } from "vitest";
import { ArgumentError, DTypeError, ShapeError, TraceError } from "../../src/errors.ts";
import {
  ones,
  scalar,
  scan,
  type Tensor,
  tensor,
  variable,
  zeros,
} from "../../src/tensor/index.ts";

describe("scan refuses, and says the way out,", () => {
  const sum = (c: Tensor, x: Tensor) => [c.add(x), null] as const;

  test.each([
    [
      "a carry that grows",
      () => scan((c) => [c.tile([2]), null], ones([2]), null, { length: 3 }),
      ShapeError,
      /tensor 0 of the carry has shape \[2\], the body gave \[4\]/,
    ],
    [
      "a carry that changes its dtype",
      () => scan((c) => [c.add(0.5), null], scalar(1, "int32"), null, { length: 3 }),
      DTypeError,
      /is int32, the body gave float32.*cast\("int32"\)/,
    ],
    [
      "a carry of another number of tensors",
      () =>
        scan(((c: Tensor[]) => [[...c, ...c], null]) as never, [ones([2])], null, { length: 3 }),
      ArgumentError,
      /the carry has 1 tensors, the body gave 2/,
    ],
    [
      "sequences of two lengths",
      () => scan(((c: Tensor) => [c, null]) as never, scalar(0), [ones([3]), ones([4, 2])]),
      ShapeError,
      /received \[3\], \[4,2\] as xs.*the same number of steps/,
    ],
    [
      "a length that is not that of xs",
      () => scan(sum, scalar(0), ones([3]), { length: 4 }),
      ShapeError,
      /\[3\] as xs and length 4/,
    ],
    [
      "no length at all",
      () => scan((c: Tensor) => [c, null], scalar(0), null),
      ArgumentError,
      /neither xs nor a length.*\{ length: 10 \}/,
    ],
    [
      "no steps",
      () => scan(sum, scalar(0), zeros([0])),
      ArgumentError,
      /received 0 steps.*from 1 up/,
    ],
    [
      "half a step",
      () => scan((c: Tensor) => [c, null], scalar(0), null, { length: 1.5 }),
      ArgumentError,
      /received 1.5 steps/,
    ],
    [
      "an axis that xs does not have",
      () => scan(sum, scalar(0), ones([3]), { axis: 1 }),
      ShapeError,
      /axis 1 of a tensor of xs/,
    ],
    [
      "an axis that y does not have",
      () => scan((c, x) => [c, x.sum()], scalar(0), ones([3, 2]), { axis: 1 }),
      ShapeError,
      /axis 1 of what the body gives as y/,
    ],
    [
      "numbers for tensors",
      () => scan(((c: unknown) => [c, null]) as never, 0, ones([3])),
      ArgumentError,
      /the carry holds 0.*sl\.scalar/,
    ],
    [
      "a body that gives no pair",
      () => scan(((c: Tensor) => c) as never, scalar(0), ones([3])),
      ArgumentError,
      /the body gave .*Expected \[carry, y\]/,
    ],
    [
      "an async body",
      () => scan((async () => [scalar(0), null]) as never, scalar(0), ones([3])),
      TraceError,
      /async/,
    ],
    ["no body", () => scan(undefined as never, scalar(0), ones([3])), ArgumentError, /function/],
  ])("%s", (_name, call, kind, message) => {
    expect(call).toThrow(kind);
    expect(call).toThrow(message);
  });

  test("waiting inside", () => {
    expect(() =>
      scan(
        (c) => {
          void c.data();
          return [c, null];
        },
        scalar(0),
        null,
        { length: 2 },
      ),
    ).toThrow(/data\(\) was called in the body of a scan/);
  });

  test("assignment inside; nothing is assigned", async () => {
    const count = variable(scalar(1), false, "count");
    const call = (): unknown =>
      scan(
        (c) => {
          count.assign(count.add(1));
          return [c, null];
        },
        scalar(0),
        null,
        { length: 2 },
      );
    expect(call).toThrow(TraceError);
    expect(call).toThrow(/assigns to variable "count".*in the carry/);
    expect([...(await count.data())]).toEqual([1]);
    count.dispose();
  });

  test("a tensor that leaks out of the body", async () => {
    let leaked: Tensor | undefined;
    scan(
      (c, x) => {
        leaked = c.add(x);
        return [leaked, null];
      },
      scalar(0),
      tensor([1, 2]),
    );
    await expect(leaked?.data()).rejects.toThrow(TraceError);
    await expect(leaked?.data()).rejects.toThrow(/from inside a scan was used outside/);
  });
});
