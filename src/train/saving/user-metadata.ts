import { ArgumentError } from "../../errors.ts";
import { withinBudget } from "../../layers/weight-budget.ts";
import { deserialize, type Serialized } from "../../names/class-registry.ts";
import { describeValue } from "../../names/describe.ts";

/** What marks an object of a class in saved metadata. */
const CLASS_KEY = "$class";

/**
 * Metadata as plain data.
 * @throws {ArgumentError} for what is none and describes itself by no `getClassName` and `getConfig`.
 */
export function plainMetadata(value: unknown, path = "metadata"): unknown {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (Array.isArray(value)) return value.map((one, i) => plainMetadata(one, `${path}[${i}]`));
  const described = describeObject(value);
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
 * The metadata that plain data stands for. Nothing of it has weights in the file, so a model among it is refused.
 * @throws {ArgumentError} for a class that nobody registered.
 */
export function revivedMetadata(
  metadata: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const { result } = withinBudget(0, () => revived(metadata, "metadata"));
  return result as Record<string, unknown>;
}

function revived(value: unknown, path: string): unknown {
  if (Array.isArray(value)) return value.map((one, i) => revived(one, `${path}[${i}]`));
  if (typeof value !== "object" || value === null) return value;
  if (Object.hasOwn(value, CLASS_KEY)) {
    const { [CLASS_KEY]: className, config } = value as Record<string, unknown>;
    return deserialize({ className: String(className), config: config as never }, path);
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

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
