import { backward } from "../../src/autograd/backward.ts";
import type { TypedArray } from "../../src/graph/dtype.ts";
import type { Value } from "../../src/graph/node.ts";
import { ops, registry } from "../../src/ops/index.ts";
import { compile, Tensor, tensor, tidy, type Variable, variable } from "../../src/tensor/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { evaluate } from "../reference/interpreter.ts";
import { buildGraph, leafData, outputsOf, type Recipe } from "./random-graph.ts";

/** Numbers of one output: where they come from, and what they are. */
type Numbers = readonly number[];

/** The recipe's outputs in double precision, by the interpreter, over the leaf data `salt`. */
export function expectedNumbers(recipe: Recipe, salt: number): Numbers[] {
  const leaves = recipe.leaves.map((leaf) => {
    const data = tensor(leafData(leaf, salt), leaf.shape, leaf.dtype);
    return data.value;
  });
  const outputs = outputsOf(recipe, buildGraph(recipe, leaves));
  return evaluate(outputs).map((data) => [...data]);
}

/** Where a leaf's data lies: on the host, in a variable, in the result of an earlier run. */
function makeLeaves(recipe: Recipe, salt: number): { tensors: Tensor[]; variables: Variable[] } {
  const variables: Variable[] = [];
  const onGpu = compile((x: Tensor) => x);
  const tensors = recipe.leaves.map((leaf, i) => {
    const host = tensor(leafData(leaf, salt), leaf.shape, leaf.dtype);
    if (i % 3 === 1) {
      const made = variable(host);
      variables.push(made);
      return made;
    }
    return i % 3 === 2 ? onGpu(host) : host;
  });
  onGpu.dispose();
  return { tensors, variables };
}

/** Computes the outputs in one plan, each in a plan of its own, and as a compiled function with two sets of data. */
export async function checkGraph(recipe: Recipe): Promise<void> {
  const [first, second] = [expectedNumbers(recipe, 1), expectedNumbers(recipe, 2)];
  const { tensors, variables } = makeLeaves(recipe, 1);
  const outputs = (): Tensor[] => {
    const values = buildGraph(
      recipe,
      tensors.map((one) => one.value),
    );
    return outputsOf(recipe, values).map((value) => Tensor.of(value));
  };
  const together = outputs();
  Tensor.group(together);
  await compareAll("together", together, first);
  if (together.length > 1) await compareAll("alone", outputs(), first);
  const compiled = compile((...args: Tensor[]) => {
    const values = buildGraph(
      recipe,
      args.map((one) => one.value),
    );
    return outputsOf(recipe, values).map((value) => Tensor.of(value));
  });
  const args = (salt: number): Tensor[] =>
    recipe.leaves.map((leaf) => tensor(leafData(leaf, salt), leaf.shape, leaf.dtype));
  await compareAll("compiled", compiled(...args(1)), first);
  await compareAll("replayed", compiled(...args(2)), second);
  compiled.dispose();
  await checkWrites(recipe, { tensors, variables });
  for (const one of variables) one.dispose();
}

/**
 * Gradients of the sum of all float32 outputs with respect to the float32 leaves. Where values are exact so
 * is every comparison in the backward pass; its sums and products round.
 */
export async function checkGradients(recipe: Recipe): Promise<void> {
  const leaves = recipe.leaves.map(
    (leaf) => tensor(leafData(leaf, 1), leaf.shape, leaf.dtype).value,
  );
  const outputs = outputsOf(recipe, buildGraph(recipe, leaves)).filter(isFloat);
  const xs = leaves.filter(isFloat);
  const dys = outputs.map(({ shape }) => ops.literal(1, shape));
  const found = backward(outputs, dys, { xs, rules: { ops, registry } });
  const gradients = found.filter((gradient) => gradient !== null);
  if (gradients.length === 0) return;
  const expected = evaluate(gradients);
  const tensors = gradients.map((gradient) => Tensor.of(gradient));
  Tensor.group(tensors);
  for (const [i, one] of tensors.entries()) {
    expectClose(await one.data(), expected[i] ?? [], {
      ...tolerances.gradient,
      label: `gradient ${i}`,
    });
  }
}

function isFloat({ dtype }: Value): boolean {
  return dtype === "float32";
}

/** Assigns outputs to variables and returns all outputs from one scope: old contents are read, new ones stored. */
async function checkWrites(
  recipe: Recipe,
  { tensors, variables }: { tensors: Tensor[]; variables: Variable[] },
): Promise<void> {
  if (variables.length === 0) return;
  const expected = expectedNumbers(recipe, 1);
  let stored = -1;
  let target: Variable | undefined;
  const returned = tidy(() => {
    const values = buildGraph(
      recipe,
      tensors.map((one) => one.value),
    );
    const outputs = outputsOf(recipe, values);
    target = variables.find((one) => {
      stored = outputs.findIndex((value) => fits(value, one));
      return stored >= 0;
    });
    if (target) target.assign(Tensor.of(outputs[stored] as Value));
    return outputs.map((value) => Tensor.of(value));
  });
  await compareAll("with writes", returned, expected);
  if (target) await compareAll("written", [target], [expected[stored] ?? []]);
}

function fits(value: Value, target: Variable): boolean {
  return value.dtype === target.dtype && value.shape.join() === target.shape.join();
}

async function compareAll(
  label: string,
  tensors: readonly Tensor[],
  expected: readonly Numbers[],
): Promise<void> {
  const all = await Promise.all(tensors.map((one) => one.data()));
  all.forEach((data, i) => {
    compare(`${label}, output ${i} (${tensors[i]?.toString()})`, data, expected[i] ?? []);
  });
}

function compare(label: string, data: TypedArray, expected: Numbers): void {
  if (data.length !== expected.length) {
    throw new Error(`${label}: ${data.length} elements, expected ${expected.length}`);
  }
  const wrong = expected.findIndex((x, i) => x !== data[i]);
  if (wrong < 0) return;
  throw new Error(
    `${label}: element ${wrong} of ${data.length} is ${data[wrong]}, expected ${expected[wrong]}`,
  );
}
