import { ArgumentError } from "../errors.ts";
import { deserializeAs, ownClassName, type Serialized } from "../names/class-registry.ts";
import { resolveName, type Spelled } from "../names/resolve.ts";
import { cast, type Tensor } from "../tensor/index.ts";
import { L1L2, l1, l1l2, l2, OrthogonalRegularizer, orthogonal, Regularizer } from "./index.ts";

const makers = { l1, l2, l1l2, orthogonal } as const;

const names = Object.keys(makers) as (keyof typeof makers)[];

/** Names that a config may give for a regularizer. */
export type RegularizerName = Spelled<keyof typeof makers> | "l1_l2";

/**
 * What a config takes as a regularizer: a name, an object, a function, or what `getConfig()` gave.
 */
export type RegularizerLike = RegularizerName | Regularizer | Serialized | ((x: Tensor) => Tensor);

/** A regularizer as layers keep it. */
export type ResolvedRegularizer = Regularizer | ((x: Tensor) => Tensor);

/**
 * The regularizer that a config means; null and undefined mean none.
 * @throws {ArgumentError} for an unknown name.
 */
export function getRegularizer(
  given: RegularizerLike | null | undefined,
): ResolvedRegularizer | null {
  if (given === null || given === undefined) return null;
  if (given instanceof Regularizer || typeof given === "function") return given;
  if (typeof given === "string") {
    return makers[resolveName(given, names, { what: "regularizer" })]();
  }
  if (given.className === L1L2.className) return new L1L2(given.config);
  if (given.className === OrthogonalRegularizer.className) {
    return new OrthogonalRegularizer(given.config);
  }
  const expected = { what: "regularizer", base: Regularizer, baseName: "regularizers.Regularizer" };
  return deserializeAs(given, { ...expected, known: names });
}

/** The penalty of `x`, a scalar. */
export function applyRegularizer(regularizer: ResolvedRegularizer, x: Tensor): Tensor {
  // A sum of the squares of halves need not be a half.
  const wide = x.dtype === "float16" ? cast(x, "float32") : x;
  return typeof regularizer === "function" ? regularizer(wide) : regularizer.apply(wide);
}

/**
 * The regularizer as plain data.
 * @throws {ArgumentError} for a function, which has no such form.
 */
export function serializeRegularizer(regularizer: ResolvedRegularizer | null): Serialized | null {
  if (regularizer === null) return null;
  if (typeof regularizer === "function") {
    throw new ArgumentError(
      "regularizer: a function cannot be written to a config. Expected a name or a Regularizer.",
    );
  }
  return {
    className: ownClassName(regularizer, Regularizer, "regularizer"),
    config: { ...regularizer.getConfig() },
  };
}
