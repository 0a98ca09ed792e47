import { describe, expect, test } from "vitest";
import type { DType } from "../../src/graph/dtype.ts";
import { HostScalar } from "../../src/graph/host-scalar.ts";
import type { Value } from "../../src/graph/node.ts";
import { ops } from "../../src/ops/index.ts";
import { host, opsLeft, scalar, simplified } from "./plans.ts";

/** The constant that a graph comes down to. */
function constant(value: Value): unknown {
  const [root] = simplified(value).roots;
  return root?.node.op === "literal" ? root.node.attributes.value : root?.node.op;
}

describe("simplify", () => {
  test("equal subexpressions are computed once", () => {
    const x = host([3]);
    const twice = ops.add(ops.exp(ops.neg(x)), ops.tanh(ops.exp(ops.neg(x))));
    expect(opsLeft(twice).sort()).toEqual(["add", "exp", "neg", "tanh"]);
  });

  test("random numbers of different keys are never merged, of one key they are", () => {
    const draw = (key: HostScalar): Value => ops.randomUniform([4], key);
    const [a, b] = [HostScalar.of(1, "int32"), HostScalar.of(1, "int32")];
    const drawn = (...keys: HostScalar[]): number =>
      opsLeft(...keys.map(draw)).filter((op) => op === "randomUniform").length;
    expect(drawn(a, b)).toBe(2);
    expect(drawn(a, a)).toBe(1);
  });

  test("constants that JSON writes alike stay apart", () => {
    const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0];
    const { roots } = simplified(...values.map((x) => ops.literal(x, [2])));
    expect(roots.map((root) => root.node.attributes.value)).toEqual(values);
  });

  test("composite operations are replaced by what they are made of", () => {
    const x = host([2, 3]);
    const left = opsLeft(ops.mean(x), ops.concat([x, x], 0), ops.cumsum(x, 1));
    for (const op of ["mean", "concat", "cumsum"]) expect(left).not.toContain(op);
    expect(left).toContain("sum");
    expect(left).toContain("overlay");
  });

  test("arithmetic on constants is done now, as the dtype does it", () => {
    const number = (x: number, dtype: DType = "float32"): Value => ops.literal(x, [2], dtype);
    expect(constant(ops.add(number(2), ops.mul(number(3), number(4))))).toBe(14);
    expect(constant(ops.add(number(2 ** 31 - 1, "int32"), number(1, "int32")))).toBe(-(2 ** 31));
    expect(constant(ops.div(number(7, "int32"), number(-2, "int32")))).toBe(-4);
    expect(constant(ops.cast(number(2.75), "int32"))).toBe(2);
    expect(constant(ops.less(number(1), number(2)))).toBe(1);
  });

  test("constants round and overflow at each step, as on the GPU", () => {
    const { POSITIVE_INFINITY: infinite, NaN: nan } = Number;
    const [zero, one] = [ops.literal(0), ops.literal(1)];
    expect(constant(ops.div(one, zero))).toBe(infinite);
    expect(constant(ops.div(ops.neg(one), zero))).toBe(-infinite);
    expect(constant(ops.div(zero, zero))).toBe(nan);
    expect(constant(ops.neg(zero))).toBe(-0);
    const huge = ops.literal(1e30);
    expect(constant(ops.log(ops.mul(huge, huge)))).toBe(infinite);
    expect(constant(ops.sub(ops.literal(16777217), one))).toBe(16777216);
    expect(constant(ops.cast(ops.div(zero, zero), "int32"))).toBe(0);
    const least = ops.literal(-(2 ** 31), [], "int32");
    expect(constant(ops.mod(least, ops.literal(2 ** 31 - 1, [], "int32")))).toBe(2 ** 31 - 2);
  });

  test("a moved constant is a constant; zeros around it are not", () => {
    expect(constant(ops.transpose(ops.broadcastTo(ops.literal(3), [2, 4])))).toBe(3);
    expect(simplified(ops.slice(ops.literal(3, [4]), [1], [2])).roots[0]?.shape).toEqual([2]);
    expect(constant(ops.pad(ops.literal(3, [2]), [[1, 0]]))).toBe("pad");
  });

  test("operations that change nothing disappear", () => {
    const x = host([2, 3]);
    const same = [
      ops.mul(x, ops.literal(1)),
      ops.mul(ops.literal(1), x),
      ops.add(x, ops.literal(0)),
      ops.sub(x, ops.literal(0)),
      ops.div(x, ops.literal(1)),
      ops.reshape(ops.reshape(x, [6]), [2, 3]),
      ops.transpose(ops.transpose(x)),
    ];
    const left = same.map((y) => opsLeft(y).filter((op) => op !== "literal"));
    expect(left.slice(0, 6)).toEqual([[], [], [], [], [], []]);
    expect(opsLeft(ops.mul(x, scalar(1)))).toContain("mul"); // only known when it runs
  });

  test("a chain of reshapes is one", () => {
    const x = host([2, 6]);
    expect(opsLeft(ops.reshape(ops.reshape(ops.reshape(x, [12]), [3, 4]), [4, 3]))).toEqual([
      "reshape",
    ]);
  });

  test("transposed operands of a product become its flags", () => {
    const [a, b] = [host([2, 5, 3]), host([2, 4, 5])];
    const swapped = (x: Value): Value => ops.transpose(x, [0, 2, 1]);
    const product = ops.matMul(swapped(a), swapped(b));
    const { nodes } = simplified(product);
    expect(nodes.map((node) => node.op).filter((op) => op !== "source")).toEqual(["matMul"]);
    const flags = nodes.find((node) => node.op === "matMul")?.attributes;
    expect(flags).toMatchObject({ transposeA: true, transposeB: true });
    const undone = simplified(ops.matMul(swapped(a), swapped(host([2, 3, 4])), true, true)).nodes;
    expect(undone.find((node) => node.op === "matMul")?.attributes).toMatchObject({
      transposeA: false,
      transposeB: false,
    });
  });

  test("other orders of the axes of an operand are left alone", () => {
    const a = ops.transpose(host([3, 2, 5]), [1, 0, 2]);
    expect(opsLeft(ops.matMul(a, host([2, 5, 4])))).toContain("transpose");
  });

  test("a sum over axes apart becomes sums over neighbouring ones", () => {
    const { nodes, roots } = simplified(ops.sum(host([2, 3, 4, 5]), [0, 1, 3], true));
    const axes = nodes.filter((node) => node.op === "sum").map((node) => node.attributes.axes);
    expect(axes).toEqual([[3], [0, 1]]);
    expect(roots[0]?.shape).toEqual([1, 1, 4, 1]);
  });

  test("simplifying twice gives what simplifying once gave", () => {
    const x = host([2, 3]);
    const y = ops.mean(ops.mul(ops.transpose(ops.transpose(x)), ops.literal(1)), [0, 1]);
    const once = simplified(y);
    expect(opsLeft(...once.roots)).toEqual(
      once.nodes.map((n) => n.op).filter((o) => o !== "source"),
    );
  });
});
