import { describe, expect, test } from "vitest";
import activations from "../../shaders/lib/activations.wgsl";
import { specOf } from "../../src/graph/spec.ts";
import { input, output } from "../../src/kernels/dispatch.ts";
import { expectClose } from "../helpers/compare.ts";
import { runKernel, tensor } from "../helpers/run-kernel.ts";
import { tolerances } from "../helpers/tolerances.ts";

const infinity = Number.POSITIVE_INFINITY;

/** Σ of the Taylor series, or the continued fraction for the tail: Abramowitz & Stegun 7.1.5 and 7.1.14. */
function erf(x: number): number {
  const a = Math.abs(x);
  if (a > 6) return Math.sign(x);
  if (a < 2.5) {
    let term = x;
    let sum = x;
    for (let n = 1; n < 80; n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = 0;
  for (let n = 80; n >= 1; n--) fraction = n / 2 / (a + fraction);
  return Math.sign(x) * (1 - Math.exp(-x * x) / Math.sqrt(Math.PI) / (a + fraction));
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const gelu = (x: number): number => (x === -infinity ? 0 : 0.5 * x * (1 + erf(x / Math.SQRT2)));
const geluTanh = (x: number): number =>
  x === -infinity ? 0 : 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

const functions: readonly (readonly [string, (x: number) => number])[] = [
  ["tanh_accurate", Math.tanh],
  ["sigmoid", sigmoid],
  ["erf", erf],
  ["expm1", Math.expm1],
  ["log1p", Math.log1p],
  ["softplus", softplus],
  ["gelu", gelu],
  ["gelu_tanh", geluTanh],
];

describe("shaders/lib/activations", () => {
  for (const [name, reference] of functions) {
    test(`${name} is right over its whole range`, async () => {
      const x = Float32Array.from({ length: 4001 }, (_, i) => (i - 2000) / 100);
      const inside = name === "log1p" ? x.filter((value) => value > -1) : x;
      const y = await run(name, inside);
      expectClose(y, Array.from(inside, reference), { ...tolerances.transcendental, label: name });
    });

    test(`${name} passes NaN on and takes infinities`, async () => {
      const x = Float32Array.from([Number.NaN, infinity, ...(name === "log1p" ? [] : [-infinity])]);
      const expected = Array.from(x, (value) => (Number.isNaN(value) ? value : reference(value)));
      expectClose(await run(name, x), expected, { ...tolerances.exact, label: name });
    });
  }

  test("functions through zero keep their relative accuracy there", async () => {
    const x = Float32Array.from(
      { length: 60 },
      (_, i) => (i % 2 === 0 ? 1 : -1) * 1.5 ** (-12 - i),
    );
    for (const name of ["tanh_accurate", "erf", "expm1", "log1p"]) {
      const reference = functions.find(([other]) => other === name)?.[1] ?? Math.tanh;
      const y = await run(name, x);
      expectClose(y, Array.from(x, reference), { ...tolerances.nearZero, label: name });
    }
  });

  test("tanh and sigmoid stay within their bounds, far out too", async () => {
    const x = Float32Array.from([-3e38, -100, -9, 9, 100, 3e38]);
    const tanh = await run("tanh_accurate", x);
    expect(Math.max(...tanh.map(Math.abs))).toBeLessThanOrEqual(1);
    expectClose(tanh, Array.from(x, Math.tanh), tolerances.transcendental);
    const gate = await run("sigmoid", x);
    expect(Math.min(...gate)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...gate)).toBeLessThanOrEqual(1);
    expectClose(gate, Array.from(x, sigmoid), tolerances.transcendental);
  });
});

async function run(name: string, x: Float32Array): Promise<Float32Array> {
  const code = `${activations}
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x < arrayLength(&y)) { y[id.x] = ${name}(x[id.x]); }
}`;
  const [y] = await runKernel({
    lower: () => ({
      dispatches: [
        {
          kernel: { name, code, layout: "--rw" },
          bindings: [input(0), output(0)],
          workgroups: [Math.ceil(x.length / 64), 1, 1],
          flops: 0,
          bytes: 0,
        },
      ],
    }),
    inputs: [tensor([x.length], x)],
    outputs: [specOf([x.length])],
  });
  return y as Float32Array;
}
