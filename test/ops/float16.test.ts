import { cast, type DType, Tensor, UnsupportedError } from "sluice";
import { describe, expect, test } from "vitest";
import { isFloat } from "../../src/graph/dtype.ts";
import { roundToHalf } from "../../src/graph/half.ts";
import { testDevice } from "../helpers/adapter.ts";
import { expectClose } from "../helpers/compare.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { evaluate } from "../reference/interpreter.ts";
import { gradientsOf } from "./finite-difference.ts";
import { opTable } from "./op-table.ts";
import { makeInput, type Sample } from "./row.ts";

const hasHalf = (await testDevice()).features.has("shader-f16");

/** The least normal half: WGSL lets devices take what is smaller for 0, and lavapipe does. */
const LEAST = 2 ** -14;

/** A gradient that cancels is off by as much as its terms, and those of the table are of order 1: two last bits of it. */
const SMALLEST_SCALE = 0.5;

/** Ops that give float32 of halves, and say so. */
const WIDE: Readonly<Record<string, readonly DType[]>> = {
  moments: ["float32", "float32"],
};

/** Float inputs rounded to halves. */
function runInHalf(sample: Sample): { inputs: Tensor[]; outputs: Tensor[] } {
  const inputs = sample.inputs.map((input) =>
    makeInput(input.dtype === "float32" ? { ...input, dtype: "float16" } : input),
  );
  return { inputs, outputs: [sample.run(...inputs)].flat() };
}

/** A sample all of whose numbers are floats: int32 becomes float32, and so does what it meets. */
function isAllFloat({ inputs }: Sample): boolean {
  const isNumber = inputs.every(({ dtype }) => dtype === "float32" || dtype === "bool");
  return isNumber && inputs.some(({ dtype }) => dtype === "float32");
}

const rows = Object.entries(opTable)
  .filter(([name]) => name !== "cast")
  .map(([name, row]) => ({ name, ...row, samples: row.samples.filter(isAllFloat) }))
  .filter(({ samples }) => samples.length > 0);

describe.each(rows)("$name", ({ name, samples, gradient }) => {
  test("of halves gives halves", () => {
    for (const sample of samples) {
      const dtypes = runInHalf(sample).outputs.map(({ dtype }) => dtype);
      const floats = dtypes.filter(isFloat);
      expect(floats).toEqual(WIDE[name] ?? floats.map(() => "float16"));
    }
  });

  if (!hasHalf) return;

  test("gives what float64 gives of the same halves, and its gradients", async () => {
    for (const sample of samples) {
      const { inputs, outputs } = runInHalf(sample);
      const ys = outputs.map(({ value }) => value);
      const xs = inputs.filter(({ dtype }) => isFloat(dtype)).map(({ value }) => value);
      const flows = gradient !== null && ys.some(({ dtype }) => isFloat(dtype));
      const values = [...ys, ...(flows ? gradientsOf(ys, xs) : [])];
      const expected = evaluate(values);
      const tensors = values.map(Tensor.of);
      Tensor.group(tensors);
      for (const [i, tensor] of tensors.entries()) {
        const round = tensor.dtype === "float16" ? roundToHalf : (x: number): number => x;
        const rounded = Float64Array.from(expected[i] ?? [], round);
        const largest = rounded.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
        const scale = Math.max(SMALLEST_SCALE, largest === Infinity ? 65504 : largest);
        const atol = LEAST + tolerances.half.relativeToMax * scale;
        const label = `${sample.label ?? ""} ${i < ys.length ? "output" : "gradient"} ${i}`;
        expectClose(await tensor.data(), rounded, { rtol: 0, atol, label });
      }
    }
  });
});

test("a device without halves says so, and what to do", async () => {
  const halves = cast([1, 2, 3], "float16").add(1);
  if (hasHalf) {
    expect(await halves.data()).toEqual(Float32Array.of(2, 3, 4));
    return;
  }
  await expect(halves.data()).rejects.toThrow(UnsupportedError);
  await expect(cast([1, 2], "float16").add(1).data()).rejects.toThrow(/shader-f16.*float32/);
});
