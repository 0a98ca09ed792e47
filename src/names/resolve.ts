import { ArgumentError } from "../errors.ts";

/** `meanSquaredError` → `mean_squared_error`, as a type. */
export type SnakeCase<Name extends string> = Name extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}${SnakeCase<Rest>}`
  : "";

/** A name as TF.js spells it (camelCase) or as Keras does (snake_case). */
export type Spelled<Name extends string> = Name | SnakeCase<Name>;

/** What `resolveName` says when it fails, and which further names it takes. */
export interface NameOptions<Name extends string> {
  /** What the name stands for, e.g. `"loss"`; begins the error message. */
  readonly what: string;
  /** Further spellings: `{ mse: "meanSquaredError" }`. */
  readonly aliases?: Readonly<Record<string, Name>>;
}

/**
 * The canonical name that `given` spells. Case, `_`, `-` and spaces do not count, so
 * `"mean_squared_error"`, `"meanSquaredError"`, `"MeanSquaredError"` and (as an alias) `"MSE"` are
 * one.
 * @throws {ArgumentError} for anything else; the message gives the nearest name and the whole list.
 */
export function resolveName<Name extends string>(
  given: string,
  names: readonly Name[],
  options: NameOptions<Name>,
): Name {
  const aliases = Object.entries<Name>(options.aliases ?? {});
  const found = findName(given, names, options.aliases);
  if (found !== null) return found;
  const nearest = nearestName(String(given), [...names, ...aliases.map(([alias]) => alias)]);
  const hint = nearest === null ? "" : ` Did you mean "${nearest}"?`;
  throw new ArgumentError(
    `${options.what}: there is no ${describe(given)}.${hint} Expected one of ${names.join(", ")}.`,
    { details: { given, nearest, names } },
  );
}

/** The canonical name that `given` spells, or null. */
export function findName<Name extends string>(
  given: unknown,
  names: readonly Name[],
  aliases: Readonly<Record<string, Name>> = {},
): Name | null {
  if (typeof given !== "string") return null;
  const key = plain(given);
  const alias = Object.entries<Name>(aliases).find(([one]) => plain(one) === key);
  return names.find((name) => plain(name) === key) ?? alias?.[1] ?? null;
}

/** The candidate that takes the fewest edits, or null when even that one has little in common. */
export function nearestName(given: string, candidates: readonly string[]): string | null {
  const key = plain(given);
  let best: string | null = null;
  let bestDistance = Infinity;
  for (const candidate of candidates) {
    const distance = editDistance(key, plain(candidate));
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return bestDistance <= Math.max(2, key.length / 2) ? best : null;
}

/** Insertions, deletions and replacements that turn `a` into `b` (Levenshtein). */
export function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 0; i < a.length; i++) {
    const row = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const replaced = (previous[j] ?? 0) + (a[i] === b[j] ? 0 : 1);
      row.push(Math.min(replaced, (previous[j + 1] ?? 0) + 1, (row[j] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, "");
}

function describe(given: unknown): string {
  return typeof given === "string" ? `"${given}"` : `name of type ${typeof given} (${given})`;
}
