import { ArgumentError } from "../errors.ts";
import { describeValue } from "./describe.ts";
import { nearestName } from "./resolve.ts";

/** A class that can come back from a saved config. */
export interface RegisteredClass {
  readonly className: string;
  readonly fromConfig?: (config: Record<string, unknown>) => object;
  new (config: never): object;
}

/** An object as plain data: what `{ className, config }` stands for in saved models. */
export interface Serialized {
  readonly className: string;
  readonly config: Record<string, unknown>;
}

const classes = new Map<string, RegisteredClass>();

/**
 * Makes a class of your own known, so that configs and saved models that name it can be read.
 * @throws {ArgumentError} when the class has no `className`, or another class has the same one.
 * @example
 * class Scale extends sl.layers.Layer { static override readonly className = "Scale"; }
 * sl.serialization.registerClass(Scale);
 */
export function registerClass(registered: RegisteredClass): void {
  const { className } = registered;
  if (typeof className !== "string" || className === "") {
    throw new ArgumentError(
      `registerClass: the class ${registered.name} has no static className. Expected a name ` +
        'for saved models, e.g. static className = "Scale".',
    );
  }
  const known = classes.get(className);
  if (known !== undefined && known !== registered) {
    throw new ArgumentError(
      `registerClass: another class is called "${className}" already. Expected a name of its own.`,
      { details: { className } },
    );
  }
  classes.set(className, registered);
}

/**
 * The object that plain data describes.
 * @param what Begins the message of an error: `"layer"`.
 * @param known Names that the caller knows itself, for the hint in an error.
 * @throws {ArgumentError} for a class that nobody registered.
 */
export function deserialize(
  serialized: Serialized,
  what: string,
  known: readonly string[] = [],
): object {
  const { className, config } = serialized;
  const found = classes.get(className);
  if (found === undefined) {
    const nearest = nearestName(String(className), [...known, ...classes.keys()]);
    const hint = nearest === null ? "" : ` Did you mean "${nearest}"?`;
    throw new ArgumentError(
      `${what}: there is no class "${className}".${hint} Make classes of your own known with ` +
        "serialization.registerClass.",
      { details: { className, nearest } },
    );
  }
  return found.fromConfig ? found.fromConfig(config) : new found(config as never);
}

/** What a registered class has to be. */
export interface ExpectedClass<T extends object> {
  /** Begins the message of an error: `"loss"`. */
  readonly what: string;
  readonly base: abstract new (...given: never) => T;
  /** What users call the base: `losses.Loss`. */
  readonly baseName: string;
  /** As in `deserialize`. */
  readonly known?: readonly string[];
}

/**
 * The object that plain data describes, where it has to be of one kind.
 * @throws {ArgumentError} for what is no such data, for a class that nobody registered, and for one of another kind.
 */
export function deserializeAs<T extends object>(
  serialized: Serialized,
  { what, base, baseName, known = [] }: ExpectedClass<T>,
): T {
  const isDescription =
    typeof serialized === "object" && serialized !== null && "className" in serialized;
  const made = isDescription ? deserialize(serialized, what, known) : serialized;
  if (made instanceof base) return made;
  const from = isDescription ? ` for the class "${serialized.className}"` : "";
  throw new ArgumentError(
    `${what}: received ${describeValue(made)}${from}. Expected a class that extends ${baseName}.`,
  );
}

/**
 * The className of an object of a class that derives from `base`.
 * @throws {ArgumentError} when its class has none of its own, so that nobody could make it again.
 */
export function ownClassName(
  object: { getClassName(): string },
  base: { readonly className: string },
  what: string,
): string {
  const className = object.getClassName();
  if (className !== base.className) return className;
  throw new ArgumentError(
    `${what}: the class ${object.constructor.name} has no className, so it cannot be saved. Expected a name of its own: ` +
      `static override readonly className = "${object.constructor.name}".`,
  );
}
