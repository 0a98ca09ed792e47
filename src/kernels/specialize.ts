/**
 * A shader for one case: `source` with a `const` (or, for types, an `alias`) line in front for each entry.
 * The shader file uses the names as if they were declared, and its header comment lists them.
 *
 * @example
 * specialize(source, { H: "128u", WORKGROUP: "64" }, { Element: "i32" });
 * // const H = 128u;
 * // const WORKGROUP = 64;
 * // alias Element = i32;
 * // ...the file
 */
export function specialize(
  source: string,
  constants: Readonly<Record<string, string>>,
  aliases: Readonly<Record<string, string>> = {},
): string {
  const lines = [
    ...Object.entries(constants).map(([name, value]) => `const ${name} = ${value};`),
    ...Object.entries(aliases).map(([name, type]) => `alias ${name} = ${type};`),
  ];
  return lines.length === 0 ? source : `${lines.join("\n")}\n${source}`;
}
