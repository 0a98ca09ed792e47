import { ArgumentError } from "../errors.ts";
import { deserializeAs, ownClassName, type Serialized } from "../names/class-registry.ts";
import { resolveName, type Spelled } from "../names/resolve.ts";
import type { Tensor } from "../tensor/index.ts";
import { Constraint, MaxNorm, MinMaxNorm, NonNeg, UnitNorm } from "./index.ts";

const classes = {
  maxNorm: MaxNorm,
  minMaxNorm: MinMaxNorm,
  nonNeg: NonNeg,
  unitNorm: UnitNorm,
} as const;

/** Names that a config may give for a constraint. */
export type ConstraintName = Spelled<keyof typeof classes>;

/**
 * What a config takes as a constraint: a name, an object, a function, or what `getConfig()` gave.
 */
export type ConstraintLike = ConstraintName | Constraint | Serialized | ((w: Tensor) => Tensor);

/** A constraint as layers keep it. */
export type ResolvedConstraint = Constraint | ((w: Tensor) => Tensor);

interface ConstraintClass {
  readonly className: string;
  new (config: never): Constraint;
}

const names = Object.keys(classes) as (keyof typeof classes)[];

/**
 * The constraint that a config means; null and undefined mean none.
 * @throws {ArgumentError} for an unknown name or class.
 */
export function getConstraint(given: ConstraintLike | null | undefined): ResolvedConstraint | null {
  if (given === null || given === undefined) return null;
  if (given instanceof Constraint || typeof given === "function") return given;
  if (typeof given === "string") {
    return new classes[resolveName(given, names, { what: "constraint" })]();
  }
  const makers: readonly ConstraintClass[] = Object.values(classes);
  const known = makers.find((one) => one.className === given.className);
  if (known !== undefined) return new known((given.config ?? {}) as never);
  const expected = { what: "constraint", base: Constraint, baseName: "constraints.Constraint" };
  return deserializeAs(given, { ...expected, known: names });
}

/** The constraint as a function, as variables keep it. */
export function constraintFunction(
  constraint: ResolvedConstraint | null,
): ((w: Tensor) => Tensor) | null {
  if (constraint === null || typeof constraint === "function") return constraint;
  return (w) => constraint.apply(w);
}

/**
 * The constraint as plain data.
 * @throws {ArgumentError} for a function, which has no such form.
 */
export function serializeConstraint(constraint: ResolvedConstraint | null): Serialized | null {
  if (constraint === null) return null;
  if (typeof constraint === "function") {
    throw new ArgumentError(
      "constraint: a function cannot be written to a config. Expected a name, or a class that derives from " +
        "constraints.Constraint.",
    );
  }
  return {
    className: ownClassName(constraint, Constraint, "constraint"),
    config: { ...constraint.getConfig() },
  };
}
