import { registerData } from "../../data/register-data.ts";
import { ArgumentError } from "../../errors.ts";
import { withinBudget } from "../../layers/weight-budget.ts";
import { deserialize, type Serialized } from "../../names/class-registry.ts";
import { describeValue } from "../../names/describe.ts";
import { isPlainObject } from "../../names/plain-object.ts";

/** What marks an object of a class in saved metadata. */
const CLASS_KEY = "$class";

/**
 * Metadata as plain data.
 * @throws {ArgumentError} for what is none and has no static `className` and `getConfig`, and for the key
 *   that marks such objects.
 */
export function plainMetadata(value: unknown, path = "metadata"): unknown {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (Array.isArray(value)) return value.map((one, i) => plainMetadata(one, `${path}[${i}]`));
  const described = describeObject(value);
  if (described !== null) {
    const { className, config } = described;
    return { [CLASS_KEY]: className, config: plainMetadata(config, path) };
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
 * The metadata that plain data stands for. Nothing of it has weights in the file, so a model among it is refused.
 * @throws {ArgumentError} for a class that nobody registered.
 */
export function revivedMetadata(
  metadata: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  registerData();
  const { result } = withinBudget(0, () => revived(metadata, "metadata"));
  return result as Record<string, unknown>;
}

function revived(value: unknown, path: string): unknown {
  if (Array.isArray(value)) return value.map((one, i) => revived(one, `${path}[${i}]`));
  if (typeof value !== "object" || value === null) return value;
  if (Object.hasOwn(value, CLASS_KEY)) {
    const { [CLASS_KEY]: className, config } = value as Record<string, unknown>;
    const own = revived(config, path) as Record<string, unknown>;
    return deserialize({ className: String(className), config: own }, path);
  }
  const entries = Object.entries(value);
  return Object.fromEntries(entries.map(([key, one]) => [key, revived(one, `${path}.${key}`)]));
}

/** An object of a class that can be registered: it has a static className, and getConfig. */
function describeObject(value: unknown): Serialized | null {
  if (typeof value !== "object" || value === null) return null;
  const { getConfig } = value as { getConfig?: () => Record<string, unknown> };
  const { className } = (value.constructor ?? {}) as { className?: unknown };
  if (typeof className !== "string" || typeof getConfig !== "function") return null;
  return { className, config: getConfig.call(value) };
}
