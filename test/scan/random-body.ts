import { backward } from "../../src/autograd/backward.ts";
import type { Value } from "../../src/graph/node.ts";
import { ops, registry } from "../../src/ops/index.ts";
import { scan, Tensor, tensor } from "../../src/tensor/index.ts";
import {
  buildGraph,
  type LeafRecipe,
  leafData,
  outputsOf,
  type Recipe,
} from "../compiler/random-graph.ts";
import { expectClose } from "../helpers/compare.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { evaluate } from "../reference/interpreter.ts";
import { type Body, unrolled } from "./unrolled.ts";

const STEPS = 3;

/** A loop whose body is a random graph: its leaves are by turns a carry, a sequence, and the same at every step. */
interface RandomLoop {
  readonly body: (captures: readonly Tensor[]) => Body;
  readonly carry: readonly Tensor[];
  readonly xs: readonly Tensor[];
  readonly captures: readonly Tensor[];
  readonly options: { readonly axis: number; readonly reverse: boolean };
}

type Role = "carry" | "x" | "capture";
const ROLES: readonly Role[] = ["carry", "x", "capture", "carry"];

function loopOf(recipe: Recipe): RandomLoop {
  const roles = recipe.leaves.map((_, i) => ROLES[i % ROLES.length] as Role);
  const [first = 0] = recipe.outputs;
  const made = (leaf: LeafRecipe, i: number, stacked: boolean): Tensor => {
    const shape = stacked ? [STEPS, ...leaf.shape] : leaf.shape;
    return tensor(leafData({ ...leaf, shape }, i + 1), shape, leaf.dtype);
  };
  const of = (role: Role): Tensor[] =>
    recipe.leaves.flatMap((leaf, i) => (roles[i] === role ? [made(leaf, i, role === "x")] : []));
  const body =
    (captures: readonly Tensor[]): Body =>
    (carry, x) => {
      const rest = { carry: [...carry], x: [...x], capture: [...captures] };
      const leaves = roles.map((role) => (rest[role].shift() as Tensor).value);
      const values = buildGraph(recipe, leaves);
      const next = carry.map(({ shape, dtype }, i) => {
        const fits = values.filter((v) => v.dtype === dtype && v.shape.join() === shape.join());
        return Tensor.of(fits.at(-1 - (i % 2)) ?? (fits[0] as Value));
      });
      return [next, outputsOf(recipe, values).map((value) => Tensor.of(value))];
    };
  return {
    body,
    carry: of("carry"),
    xs: of("x"),
    captures: of("capture"),
    options: { axis: 0, reverse: first % 2 === 1 },
  };
}

function results(
  { body, carry, xs, captures, options }: RandomLoop,
  run: typeof unrolled,
): Tensor[] {
  const [last, ys] = run(body(captures), carry, xs, { ...options, length: STEPS });
  return [...last, ...ys];
}

/** The GPU's numbers of the loop against the interpreter's, bit for bit. */
export async function checkValues(recipe: Recipe): Promise<void> {
  const loop = loopOf(recipe);
  const found = results(loop, scan as never);
  const expected = evaluate(results(loop, unrolled).map(({ value }) => value));
  Tensor.group(found);
  for (const [i, one] of found.entries()) {
    const label = `result ${i}`;
    expectClose(await one.data(), expected[i] ?? [], { ...tolerances.exact, label });
  }
}

/**
 * Gradients of the loop against those of the same loop unrolled, both in double precision on the host; then the GPU's
 * against the former.
 */
export async function checkGradients(recipe: Recipe): Promise<void> {
  const loop = loopOf(recipe);
  const xs = [...loop.carry, ...loop.xs, ...loop.captures]
    .filter(({ dtype }) => dtype === "float32")
    .map(({ value }) => value);
  const gradients = (run: typeof unrolled): (Value | null)[] => {
    const outputs = results(loop, run)
      .filter(({ dtype }) => dtype === "float32")
      .map(({ value }) => value);
    const dys = outputs.map(({ shape }) => ops.literal(1, shape));
    return backward(outputs, dys, { xs, rules: { ops, registry } });
  };
  const [found, wanted] = [gradients(scan as never), gradients(unrolled)];
  for (const [i, gradient] of found.entries()) {
    if (!gradient) {
      const other = wanted[i];
      // The loop may leave out what would be zero.
      if (other) expectClose(evaluate([other])[0] ?? [], zerosFor(other), tolerances.exact);
      continue;
    }
    const [exact = []] = evaluate([gradient]);
    const other = wanted[i];
    const expected = other ? evaluate([other])[0] : undefined;
    const label = `gradient ${i}`;
    expectClose(exact, expected ?? zerosFor(gradient), { ...tolerances.float64, label });
    const data = await Tensor.of(gradient).data();
    expectClose(data, exact, { ...tolerances.gradient, label: `${label} on the GPU` });
  }
}

function zerosFor({ shape }: Value): number[] {
  return new Array<number>(shape.reduce((a, b) => a * b, 1)).fill(0);
}
