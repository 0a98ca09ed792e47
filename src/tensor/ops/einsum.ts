import { ArgumentError, ShapeError } from "../../errors.ts";
import type { Value } from "../../graph/node.ts";
import { sizeOf } from "../../graph/shape.ts";
import { formatSpec } from "../../graph/spec.ts";
import { ops } from "../../ops/index.ts";
import type { TensorLike } from "../convert.ts";
import { Tensor } from "../tensor.ts";
import { operand } from "./operand.ts";

/** A value whose axes have letters. */
interface Labelled {
  readonly value: Value;
  readonly axes: string;
}

/**
 * Sums of products, written in letters: each operand's axes are named, and letters that do not
 * appear after the arrow are summed over. `"bij,bjk->bik"` is a stack of matrix products.
 *
 * @param equation - Lower-case letters; one or two operands; no letter twice in one operand; no
 *   ellipsis.
 * @param tensors - One for each operand.
 * @throws {ArgumentError} when the equation is not of that form.
 * @throws {ShapeError} when a rank or a letter's size does not fit.
 * @example
 * await sl.einsum("ij,j->i", [[1, 2], [3, 4]], [1, 10]).array(); // [21,43]
 */
export function einsum(equation: string, ...tensors: readonly TensorLike[]): Tensor {
  if (typeof equation !== "string") throw malformed(equation);
  const { inputs, output } = parse(equation, tensors.length);
  const labelled = tensors.map((x, i) => ({ value: operand(x, "einsum"), axes: inputs[i] ?? "" }));
  checkSizes(equation, labelled);
  const [a, b] = labelled;
  if (a === undefined) throw malformed(equation);
  const result = b ? contract(a, b, output) : sumOut(a, output);
  return Tensor.of(ops.transpose(result.value, orderOf(result.axes, output)));
}

function parse(equation: string, count: number): { inputs: string[]; output: string } {
  const match = /^([a-z]*(?:,[a-z]*)?)->([a-z]*)$/.exec(equation.replaceAll(" ", ""));
  const inputs = match?.[1]?.split(",") ?? [];
  const output = match?.[2] ?? "";
  const isUnique = [...inputs, output].every((axes) => new Set(axes).size === axes.length);
  const isKnown = [...output].every((letter) => inputs.some((axes) => axes.includes(letter)));
  if (!match || inputs.length !== count || !isUnique || !isKnown) throw malformed(equation);
  return { inputs, output };
}

function malformed(equation: string): ArgumentError {
  return new ArgumentError(
    `einsum: ${JSON.stringify(equation)}. Expected one or two operands of distinct lower-case ` +
      "letters and an " +
      'arrow to letters among them, with as many tensors, e.g. "ij,jk->ik".',
  );
}

function checkSizes(equation: string, operands: readonly Labelled[]): void {
  const sizes = new Map<string, number>();
  for (const { value, axes } of operands) {
    const isFit =
      axes.length === value.shape.length &&
      [...axes].every((letter, i) => (sizes.get(letter) ?? value.shape[i]) === value.shape[i]);
    if (!isFit) {
      const received = operands.map((one) => formatSpec(one.value.spec)).join(" and ");
      throw new ShapeError(
        `einsum: "${equation}" of ${received}. Expected an axis for each letter, and one size ` +
          "for each letter.",
      );
    }
    [...axes].forEach((letter, i) => {
      sizes.set(letter, value.shape[i] ?? 1);
    });
  }
}

/** Sums over the letters that `kept` lacks. */
function sumOut({ value, axes }: Labelled, kept: string): Labelled {
  const gone = [...axes].flatMap((letter, i) => (kept.includes(letter) ? [] : [i]));
  const left = [...axes].filter((letter) => kept.includes(letter)).join("");
  return { value: gone.length > 0 ? ops.sum(value, gone) : value, axes: left };
}

/** As one batched matMul: [batch, M, K] × [batch, K, N]. */
function contract(first: Labelled, second: Labelled, output: string): Labelled {
  const a = sumOut(first, second.axes + output);
  const b = sumOut(second, first.axes + output);
  const shared = [...a.axes].filter((letter) => b.axes.includes(letter)).join("");
  const batch = [...shared].filter((letter) => output.includes(letter)).join("");
  const inner = [...shared].filter((letter) => !output.includes(letter)).join("");
  const rows = [...a.axes].filter((letter) => !shared.includes(letter)).join("");
  const columns = [...b.axes].filter((letter) => !shared.includes(letter)).join("");
  const left = grouped(a, [batch, rows, inner]);
  const right = grouped(b, [batch, inner, columns]);
  const axes = batch + rows + columns;
  const shape = [...axes].map((letter) => sizeOfLetter(letter, [a, b]));
  return { value: ops.reshape(ops.matMul(left, right), shape), axes };
}

/** Axes in the order of `groups`, each group as one axis. */
function grouped({ value, axes }: Labelled, groups: readonly string[]): Value {
  const turned = ops.transpose(value, orderOf(axes, groups.join("")));
  const sizes = groups.map((group) =>
    sizeOf([...group].map((letter) => value.shape[axes.indexOf(letter)] ?? 1)),
  );
  return ops.reshape(turned, sizes);
}

function orderOf(axes: string, wanted: string): number[] {
  return [...wanted].map((letter) => axes.indexOf(letter));
}

function sizeOfLetter(letter: string, operands: readonly Labelled[]): number {
  const holder = operands.find(({ axes }) => axes.includes(letter));
  return holder?.value.shape[holder.axes.indexOf(letter)] ?? 1;
}
