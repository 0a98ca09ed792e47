import activations from "../../shaders/lib/activations.wgsl";
import elementary from "../../shaders/lib/elementary.wgsl";
import finite from "../../shaders/lib/finite.wgsl";
import random from "../../shaders/lib/random.wgsl";

/** Functions that generated kernels may call, by the name of their file in shaders/lib. */
const LIBRARIES: Readonly<Record<string, string>> = { activations, elementary, finite, random };

/**
 * The text of several libraries. They import each other, so a declaration may come in twice: it is kept
 * once.
 */
export function libraryText(names: readonly string[]): string {
  const declarations = new Set<string>();
  for (const name of [...names].sort()) {
    const text = LIBRARIES[name];
    if (text === undefined) throw new RangeError(`There is no shader library "${name}".`);
    const code = text.replace(/\/\/.*$/gm, "").replace(/\n\s*\n/g, "\n");
    for (const part of code.split(/^(?=fn |const |struct |alias |var)/m)) {
      if (part.trim() !== "") declarations.add(part.trim());
    }
  }
  return [...declarations].join("\n");
}
