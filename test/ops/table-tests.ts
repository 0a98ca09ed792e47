import { Tensor } from "sluice";
import { describe, expect, test } from "vitest";
import { expectClose } from "../helpers/compare.ts";
import { type ToleranceName, tolerances } from "../helpers/tolerances.ts";
import { evaluate } from "../reference/interpreter.ts";
import { differencesOf, gradientsOf } from "./finite-difference.ts";
import { makeInput, type Row, type Sample } from "./row.ts";

/**
 * Finite differences evaluate the graph twice an element: larger inputs are checked on the GPU
 * alone.
 */
const MAX_DIFFERENCED = 70;

/**
 * For each row: forward and gradient on the GPU and in double precision, and what the op refuses.
 */
export function describeRows(rows: Readonly<Record<string, Row>>): void {
  describe.each(Object.entries(rows))("%s", describeRow);
}

function describeRow(name: string, row: Row): void {
  test("gives on the GPU what float64 gives", async () => {
    const runs = row.samples.map((sample) => runSample(sample));
    const expected = runs.map(({ outputs }) => evaluate(outputs.map((output) => output.value)));
    const actual = await readAll(runs.map(({ outputs }) => outputs));
    expected.forEach((outputs, i) => {
      outputs.forEach((data, k) => {
        const label = labelOf(row, i);
        expectClose(actual[i]?.[k] ?? [], data, { ...tolerances[row.tolerance], label });
      });
    });
  });

  // Registered only where there is something to check: a test is never skipped.
  if (row.gradient !== null) gradientTests(row, row.gradient);
  if (row.element !== undefined) formulaTest(row);

  test("refuses what it cannot take", () => {
    expect(row.refusals.length + row.samples.length).toBeGreaterThan(0);
    for (const { error, says, run } of row.refusals) {
      expect(run).toThrow(error);
      expect(run).toThrow(says);
      expect(run).toThrow(name);
    }
  });
}

function gradientTests(row: Row, toleranceName: ToleranceName): void {
  test("has the gradient that finite differences give", () => {
    row.samples.forEach((sample, i) => {
      const { inputs, outputs } = floatRun(sample);
      const isLarge = inputs.some((x) => x.size > MAX_DIFFERENCED);
      if (sample.jumps || inputs.length === 0 || isLarge) return;
      const [ys, xs] = [valuesOf(outputs), valuesOf(inputs)];
      const analytic = evaluate(gradientsOf(ys, xs));
      differencesOf(ys, xs).forEach((data, k) => {
        const label = `${labelOf(row, i)}, input ${k}`;
        expectClose(analytic[k] ?? [], data, { ...tolerances.finiteDifference, label });
      });
    });
  });

  test("has on the GPU the gradient of float64", async () => {
    const tolerance = tolerances[toleranceName];
    const gradients = row.samples.map((sample) => {
      const { inputs, outputs } = floatRun(sample);
      return inputs.length === 0 ? [] : gradientsOf(valuesOf(outputs), valuesOf(inputs));
    });
    const expected = gradients.map((values) => evaluate(values));
    const actual = await readAll(gradients.map((values) => values.map(Tensor.of)));
    expected.forEach((inputs, i) => {
      inputs.forEach((data, k) => {
        const label = `${labelOf(row, i)}, input ${k}`;
        expectClose(actual[i]?.[k] ?? [], data, { ...tolerance, label });
      });
    });
  });
}

/** The graph in double precision against a formula that owes nothing to the library. */
function formulaTest(row: Row): void {
  test("agrees with its formula on plain numbers", () => {
    row.samples.forEach((sample, i) => {
      if (sample.label !== undefined || !isPlain(sample, row)) return;
      const { outputs } = runSample(sample);
      const [data] = evaluate(valuesOf(outputs));
      expectClose(data ?? [], elementwise(row, sample, outputs), {
        ...tolerances.float64,
        label: labelOf(row, i),
      });
    });
  });
}

interface Run {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
}

function runSample(sample: Sample): Run {
  const inputs = sample.inputs.map(makeInput);
  return { inputs, outputs: [sample.run(...inputs)].flat() };
}

/** With the float32 inputs only, or none where the outputs are of another dtype. */
function floatRun(sample: Sample): Run {
  const { inputs, outputs } = runSample(sample);
  const isFloat = (x: Tensor): boolean => x.dtype === "float32";
  return { inputs: outputs.some(isFloat) ? inputs.filter(isFloat) : [], outputs };
}

function valuesOf(tensors: readonly Tensor[]): Tensor["value"][] {
  return tensors.map((x) => x.value);
}

/** All of them computed in one plan. */
async function readAll(lists: readonly (readonly Tensor[])[]): Promise<ArrayLike<number>[][]> {
  const all = lists.flat();
  Tensor.group(all);
  const data = new Map<Tensor, ArrayLike<number>>();
  for (const tensor of all) data.set(tensor, await tensor.data());
  return lists.map((list) => list.map((tensor) => data.get(tensor) ?? []));
}

/** The formula takes as many numbers as the sample has inputs, of one kind. */
function isPlain({ inputs }: Sample, { element }: Row): boolean {
  const dtypes = new Set(inputs.map((input) => input.dtype));
  const isKind = dtypes.size === 1 ? !dtypes.has("int32") : dtypes.has("bool");
  return element?.length === inputs.length && isKind;
}

function elementwise(row: Row, sample: Sample, outputs: readonly Tensor[]): Float64Array {
  const { shape = [], size = 0 } = outputs[0] ?? {};
  const inputs = sample.inputs.map((input) => makeInput(input).broadcastTo(shape));
  const columns = evaluate(valuesOf(inputs));
  return Float64Array.from({ length: size }, (_, i) => {
    const args = columns.map((column) => column[i] ?? Number.NaN);
    return row.element?.(...args) ?? Number.NaN;
  });
}

function labelOf(row: Row, index: number): string {
  const sample = row.samples[index];
  const shapes = sample?.inputs.map(({ shape, dtype }) => `${dtype}[${shape}]`) ?? [];
  return [...shapes, sample?.label].filter(Boolean).join(", ");
}
