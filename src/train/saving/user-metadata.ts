import { registerData } from "../../data/register-data.ts";
import { ArgumentError } from "../../errors.ts";
import { deserialize } from "../../names/class-registry.ts";
import { describeValue } from "../../names/describe.ts";

/** What marks an object of a class in saved metadata. */
const CLASS_KEY = "$class";

/** What an object of a registered class says of itself. */
interface Description {
  readonly className: string;
  readonly config: Record<string, unknown>;
}

/**
 * Metadata as plain data.
 * @throws {ArgumentError} for what is none and has no `getConfig()` and no class with a static `className`.
 */
export function plainMetadata(value: unknown, path = "metadata"): unknown {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (Array.isArray(value)) return value.map((one, i) => plainMetadata(one, `${path}[${i}]`));
  const described = descriptionOf(value);
  if (described !== null) return { [CLASS_KEY]: described.className, config: described.config };
  if (isPlain(value)) {
    const entries = Object.entries(value).filter(([, one]) => one !== undefined);
    return Object.fromEntries(
      entries.map(([key, one]) => [key, plainMetadata(one, `${path}.${key}`)]),
    );
  }
  throw new ArgumentError(
    `save: ${path} is ${describeValue(value)}. Expected plain data (texts, finite numbers, booleans, lists, objects), or ` +
      "an object of a class that was made known with serialization.registerClass.",
  );
}

/**
 * The metadata that plain data stands for.
 * @throws {ArgumentError} for a class that nobody registered.
 */
export function revivedMetadata(value: unknown, path = "metadata"): unknown {
  if (Array.isArray(value)) return value.map((one, i) => revivedMetadata(one, `${path}[${i}]`));
  if (typeof value !== "object" || value === null) return value;
  if (Object.hasOwn(value, CLASS_KEY)) {
    const { [CLASS_KEY]: className, config } = value as Record<string, unknown>;
    registerData();
    return deserialize({ className: String(className), config: config as never }, path);
  }
  const entries = Object.entries(value);
  return Object.fromEntries(
    entries.map(([key, one]) => [key, revivedMetadata(one, `${path}.${key}`)]),
  );
}

function descriptionOf(value: unknown): Description | null {
  if (typeof value !== "object" || value === null) return null;
  const { getConfig, constructor: itsClass } = value as Record<string, unknown>;
  const { className } = (itsClass ?? {}) as { className?: unknown };
  if (typeof className !== "string" || typeof getConfig !== "function") return null;
  return { className, config: getConfig.call(value) };
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
