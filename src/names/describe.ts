/**
 * A value of any kind in few words, for errors: `undefined`, `"adam"`, `a function (lstm)`, `a list of 2`,
 * `an object (Dense)`.
 */
export function describeValue(value: unknown): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "function":
      return value.name === "" ? "a function" : `a function (${value.name})`;
    case "object":
      if (value === null) return "null";
      if (Array.isArray(value)) return `a list of ${value.length}`;
      return describeObject(value);
    default:
      return String(value);
  }
}

/** Plain objects by their keys, others by their class. */
function describeObject(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    return `an object (${value.constructor?.name ?? "of no class"})`;
  }
  const keys = Object.keys(value);
  return keys.length === 0 ? "{}" : `{ ${keys.slice(0, 5).join(", ")} }`;
}
