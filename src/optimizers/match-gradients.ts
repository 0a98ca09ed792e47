import { ArgumentError, DTypeError, ShapeError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { formatShape, shapesEqual } from "../graph/shape.ts";
import { type Variable, variableOf, variablesNamed } from "../tensor/index.ts";
import type { NamedGradients, NamedTensor } from "./named-tensor.ts";

/** Gradients beside the variables that they are of. */
export interface MatchedGradients {
  readonly variables: readonly Variable[];
  readonly gradients: readonly Value[];
}

/**
 * Finds the variable of each gradient: the one that `variableGrads` took it of, else the only one of its name.
 * @throws {ArgumentError} when there is no variable of that name, or several.
 * @throws {ShapeError} when a gradient has another shape than its variable, {DTypeError} when it is float16.
 */
export function matchGradients(label: string, grads: NamedGradients): MatchedGradients {
  const list = Array.isArray(grads) ? (grads as readonly NamedTensor[]) : namedList(grads);
  const variables = list.map(({ name, tensor }) => variableOf(tensor) ?? onlyVariable(label, name));
  list.forEach(({ name, tensor }, i) => {
    const of = variables[i];
    if (tensor.dtype === "float16") {
      throw new DTypeError(
        `${label}: "${name}": received a gradient of float16. Expected float32; use cast("float32").`,
      );
    }
    if (of === undefined || shapesEqual(tensor.shape, of.shape)) return;
    throw new ShapeError(
      `${label}: "${name}": received a gradient of shape ${formatShape(tensor.shape)}. Expected the variable's shape ` +
        `${formatShape(of.shape)}.`,
    );
  });
  return { variables, gradients: list.map(({ tensor }) => tensor.value) };
}

/** @throws {DTypeError} for variables of float16, in which small steps would be lost. */
export function checkTrainable(label: string, variables: readonly Variable[]): void {
  const half = variables.find(({ dtype }) => dtype === "float16");
  if (half === undefined) return;
  throw new DTypeError(
    `${label}: received variable "${half.name}" of float16. Expected float32, for small steps are lost in halves; ` +
      'use cast("float16") where the variable is read.',
  );
}

function namedList(grads: NamedGradients): NamedTensor[] {
  return Object.entries(grads).map(([name, gradient]) => ({ name, tensor: gradient }));
}

function onlyVariable(label: string, name: string): Variable {
  const [found, ...others] = variablesNamed(name);
  if (found !== undefined && others.length === 0) return found;
  throw new ArgumentError(
    `${label}: there ${found === undefined ? "is no variable" : "are several variables"} called "${name}". Expected ` +
      'the name of one; variable(value, true, "name") gives it.',
  );
}
