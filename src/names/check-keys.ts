import { ArgumentError } from "../errors.ts";
import { describeValue } from "./describe.ts";
import { nearestName } from "./resolve.ts";

/**
 * What a config may hold under a key: a value of one JavaScript type, or anything (its reader checks it).
 * `"notYet"`: Keras or TF.js know the key and sluice does not; `"ofCall"`: it is an argument of a layer's call. Of these
 * only null and false pass, which ask for nothing.
 */
export type KeyRule = "any" | "boolean" | "number" | "string" | "function" | "notYet" | "ofCall";

/** Rules by key. */
export type KeyRules = Readonly<Record<string, KeyRule>>;

/** Rules for every key of a config's type (the compiler sees to that), and for keys that only others know. */
export type ConfigKeys<Config> = Readonly<Record<keyof Config, KeyRule>> & KeyRules;

/**
 * Checks the keys of a config before anything is made of it: an option that nobody reads would be ignored in silence.
 * null is taken as absent; what is undefined, under any key, is passed over.
 *
 * @param label Begins the message: `layers.dense`.
 * @throws {ArgumentError} when the config is no object, for a key that nobody knows (the message gives the nearest)
 *   or that is not here yet, and for a value of another type.
 */
export function checkKeys(label: string, config: unknown, rules: KeyRules): void {
  if (typeof config !== "object" || config === null || Array.isArray(config)) {
    throw new ArgumentError(
      `${label}: received ${describeValue(config)}. Expected an object: { ${keysOf(rules).slice(0, 3).join(", ")}, … }.`,
    );
  }
  for (const [key, value] of Object.entries(config)) {
    if (value === undefined) continue;
    const rule = Object.hasOwn(rules, key) ? rules[key] : undefined;
    if (rule === undefined) throw unknownKey(label, key, rules);
    if (value !== null) checkValue(label, { key, value, rule });
  }
}

function checkValue(
  label: string,
  { key, value, rule }: { key: string; value: unknown; rule: KeyRule },
): void {
  if (rule === "notYet" || rule === "ofCall") {
    if (value === false) return;
    const message =
      rule === "notYet"
        ? `${key} is known to Keras or TF.js, but not to sluice yet. Leave it out.`
        : `${key} is an argument of the call. Expected it there: layer.apply(x, { ${key}: … }).`;
    throw new ArgumentError(`${label}: ${message}`, { details: { key } });
  }
  if (rule === "any" || typeof value === rule) return;
  throw new ArgumentError(
    `${label}: received ${describeValue(value)} as ${key}. Expected a ${rule}.`,
    { details: { key, value } },
  );
}

function unknownKey(label: string, key: string, rules: KeyRules): ArgumentError {
  const keys = keysOf(rules);
  const longer = key.length > 2 ? keys.find((one) => one.startsWith(key)) : undefined;
  const nearest = longer ?? nearestName(key, keys);
  const advice =
    nearest === null ? `Expected some of ${keys.join(", ")}.` : `Did you mean ${nearest}?`;
  return new ArgumentError(`${label}: there is no option ${key}. ${advice}`, {
    details: { key, nearest },
  });
}

/** The keys that can be used. */
function keysOf(rules: KeyRules): string[] {
  return Object.keys(rules).filter((key) => rules[key] !== "notYet" && rules[key] !== "ofCall");
}
