import { backward } from "../autograd/backward.ts";
import { ArgumentError, DTypeError, ShapeError } from "../errors.ts";
import { isFloat } from "../graph/dtype.ts";
import { Node, type Value } from "../graph/node.ts";
import { formatShape, shapesEqual } from "../graph/shape.ts";
import { ops } from "../ops/index.ts";
import { type TensorLike, toTensor } from "./convert.ts";
import { rules } from "./current.ts";
import { scope } from "./scope.ts";
import { Tensor } from "./tensor.ts";
import { Variable, watchReads } from "./variable.ts";

/** A function of tensors with one tensor as its value. */
export type Differentiable = (...xs: Tensor[]) => Tensor;

/**
 * The gradient of `f` as a function: `grad(f)(x, dy?)` gives df/dx, weighted by `dy` (default: ones).
 *
 * @throws {ArgumentError} when f(x) does not depend on x.
 * @example
 * const square = sl.grad((x) => x.square());
 * await square(3).data(); // [6]
 */
export function grad(f: (x: Tensor) => Tensor): (x: TensorLike, dy?: TensorLike) => Tensor {
  return (x, dy) => single(valueAndGrads(f as Differentiable)([x], dy).grads);
}

/** As `grad`, for functions of several tensors: `grads(f)([a, b], dy?)` gives [df/da, df/db]. */
export function grads(f: Differentiable): (xs: readonly TensorLike[], dy?: TensorLike) => Tensor[] {
  return (xs, dy) => valueAndGrads(f)(xs, dy).grads;
}

/** As `grad`, with the value beside the gradient. */
export function valueAndGrad(
  f: (x: Tensor) => Tensor,
): (x: TensorLike, dy?: TensorLike) => { value: Tensor; grad: Tensor } {
  return (x, dy) => {
    const result = valueAndGrads(f as Differentiable)([x], dy);
    return { value: result.value, grad: single(result.grads) };
  };
}

/** As `grads`, with the value beside the gradients. Reading one of them computes all, in one plan. */
export function valueAndGrads(
  f: Differentiable,
): (xs: readonly TensorLike[], dy?: TensorLike) => { value: Tensor; grads: Tensor[] } {
  checkFunction(f, "grads");
  return (xs, dy) =>
    scope("grads", () => {
      if (!Array.isArray(xs)) {
        throw new ArgumentError(
          "grads: received no array. Expected the arguments of f as a list: grads(f)([a, b]).",
        );
      }
      const args = distinct(xs.map((x, i) => toTensor(x, `grads: argument ${i}`)));
      const value = call(f, args);
      const found = backward([value.value], [upstream(value, dy)], {
        xs: args.map((x) => x.value),
        rules,
      });
      const gradients = found.map((gradient, i) => {
        if (gradient) return Tensor.of(gradient);
        throw new ArgumentError(
          `grads: the value of f does not depend on argument ${i} through float32 operations. Expected f to use ` +
            "its arguments, not tensors made from them elsewhere.",
        );
      });
      Tensor.group([value, ...gradients]);
      return { value, grads: gradients };
    });
}

/**
 * The value of `f` and its gradients with respect to variables.
 *
 * @param f takes nothing, gives a scalar.
 * @param vars default: every trainable variable that `f` reads.
 * @returns `grads` keyed by variable name; a variable that the value does not depend on is left out.
 * @throws {ShapeError} when the value is no scalar. @throws {ArgumentError} when there is no variable.
 * @example
 * const w = sl.variable([1, 2], true, "w");
 * const { value, grads } = sl.variableGrads(() => w.square().sum());
 * await grads.w.data(); // [2, 4]
 */
export function variableGrads(
  f: () => Tensor,
  vars?: Variable | readonly Variable[],
): { value: Tensor; grads: Record<string, Tensor> } {
  return scope("variableGrads", () => {
    const { value, variables, gradients } = gradientsByVariable(f, vars);
    const named: Record<string, Tensor> = {};
    variables.forEach((variable, i) => {
      const gradient = gradients[i];
      if (!gradient) return;
      if (named[variable.name]) throw sameName(variable.name);
      named[variable.name] = gradient;
      origins.set(gradient, variable);
    });
    Tensor.group([value, ...Object.values(named)]);
    return { value, grads: named };
  });
}

/** @internal The variable that a gradient of `variableGrads` belongs to; null for a tensor of other making. */
export function variableOf(gradient: Tensor): Variable | null {
  return origins.get(gradient) ?? null;
}

const origins = new WeakMap<Tensor, Variable>();

function sameName(name: string): ArgumentError {
  return new ArgumentError(
    `variableGrads: f reads several variables called "${name}", and gradients are keyed by name. Expected a name of ` +
      "its own for each: variable(value, true, name), or the layer's name.",
  );
}

/** @internal As `variableGrads`, without names: a gradient for each variable, null where the value does not depend on it. */
export function gradientsByVariable(
  f: () => Tensor,
  vars?: Variable | readonly Variable[],
): { value: Tensor; variables: readonly Variable[]; gradients: (Tensor | null)[] } {
  checkFunction(f, "variableGrads");
  return scope("variableGrads", () => {
    const { result: value, read } = watchReads(() => call(f, []));
    const list = vars === undefined ? read.filter((v) => v.trainable) : [vars].flat();
    const variables = list as Variable[];
    if (variables.length === 0 || !variables.every((v) => v instanceof Variable)) {
      throw new ArgumentError(
        `variableGrads: received ${vars === undefined ? "a function that reads no trainable variable" : "no list of variables"}. ` +
          "Expected variables made by sl.variable(...), or f to use some.",
      );
    }
    if (value.size !== 1) {
      throw new ShapeError(
        `variableGrads: the value of f has shape ${formatShape(value.shape)}. Expected a scalar: reduce it ` +
          "with sum() or mean().",
      );
    }
    const xs = variables.map((v) => v.value);
    const found = backward([value.value], [upstream(value)], { xs, rules });
    if (found.every((gradient) => !gradient)) {
      throw new ArgumentError(
        `variableGrads: the value of f depends on none of ${variables.map((v) => `"${v.name}"`).join(", ")}.`,
      );
    }
    const gradients = found.map((gradient) => (gradient ? Tensor.of(gradient) : null));
    return { value, variables, gradients };
  });
}

function call(f: Differentiable, args: readonly Tensor[]): Tensor {
  const value = f(...args);
  if (!(value instanceof Tensor)) {
    throw new ArgumentError(
      `grads: f gave ${value === undefined ? "nothing" : typeof value}. Expected a tensor.`,
    );
  }
  if (!isFloat(value.dtype)) {
    throw new DTypeError(`grads: the value of f is ${value.dtype}. Expected a float.`);
  }
  return value;
}

function upstream(value: Tensor, dy?: TensorLike): Value {
  if (dy === undefined) return ops.literal(1, value.shape);
  const given = toTensor(dy, "grads: dy", "float32");
  if (!shapesEqual(given.shape, value.shape)) {
    throw new ShapeError(
      `grads: dy has shape ${formatShape(given.shape)}, the value of f ${formatShape(value.shape)}. ` +
        "Expected the same shape.",
    );
  }
  return given.value;
}

/** One tensor given twice counts as two arguments: each gets its own gradient. */
function distinct(xs: readonly Tensor[]): Tensor[] {
  const seen = new Set<Value>();
  return xs.map((x) => {
    const { value } = x;
    if (!seen.has(value)) {
      seen.add(value);
      return x;
    }
    const alias = new Node("reshape", [value], {
      attributes: { shape: value.shape },
      outputs: [value.spec],
    });
    return Tensor.of(alias.outputs[0] as Value);
  });
}

function single(list: readonly Tensor[]): Tensor {
  return list[0] as Tensor;
}

/** @throws {ArgumentError} when `f` is no function. */
export function checkFunction(f: unknown, label: string): void {
  if (typeof f === "function") return;
  throw new ArgumentError(
    `${label}: received ${typeof f}. Expected a function that gives a tensor.`,
  );
}
