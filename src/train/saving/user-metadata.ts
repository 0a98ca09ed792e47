import { ArgumentError } from "../../errors.ts";
import { deserialize } from "../../names/class-registry.ts";
import { describeValue } from "../../names/describe.ts";
import { isPlainObject } from "../../names/plain-object.ts";

/** What marks an object of a class in saved metadata. */
const CLASS_KEY = "$class";

/** What objects of registered classes have. */
interface Describable {
  getClassName(): string;
  getConfig(): Record<string, unknown>;
}

/**
 * Metadata as plain data.
 * @throws {ArgumentError} for what is none and describes itself by no `getClassName` and `getConfig`, and for the key
 *   that marks such objects.
 */
export function plainMetadata(value: unknown, path = "metadata"): unknown {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (Array.isArray(value)) return value.map((one, i) => plainMetadata(one, `${path}[${i}]`));
  if (isDescribable(value)) {
    return { [CLASS_KEY]: value.getClassName(), config: plainMetadata(value.getConfig(), path) };
  }
  if (isPlainObject(value)) {
    if (Object.hasOwn(value, CLASS_KEY)) {
      throw new ArgumentError(
        `save: ${path} has a key "${CLASS_KEY}", which marks objects of classes in saved metadata. Expected another name.`,
      );
    }
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
    const own = revivedMetadata(config, path) as Record<string, unknown>;
    return deserialize({ className: String(className), config: own }, path);
  }
  const entries = Object.entries(value);
  return Object.fromEntries(
    entries.map(([key, one]) => [key, revivedMetadata(one, `${path}.${key}`)]),
  );
}

function isDescribable(value: unknown): value is Describable {
  if (typeof value !== "object" || value === null) return false;
  const { getClassName, getConfig } = value as Partial<Describable>;
  return typeof getClassName === "function" && typeof getConfig === "function";
}
