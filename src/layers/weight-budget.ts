import { FormatError } from "../errors.ts";
import { formatShape, sizeOf } from "../graph/shape.ts";

/** How many weight elements may still be made; null: any number. */
let left: number | null = null;

/**
 * Builds layers whose weights come from a file of `elements` elements. They begin as zeros: initializers would work for
 * nothing, and a file that claims layers beyond its own size must not make anybody allocate them.
 */
export function withinBudget<T>(elements: number, build: () => T): T {
  const outer = left;
  left = elements;
  try {
    return build();
  } finally {
    left = outer;
  }
}

/**
 * To be called before a weight or state is made.
 * @returns Whether its content will be loaded.
 * @throws {FormatError} when it is more than the file holds.
 */
export function takeFromBudget(name: string, shape: readonly number[]): boolean {
  if (left === null) return false;
  const elements = sizeOf(shape);
  if (elements > left) {
    throw new FormatError(
      `The layers need a weight "${name}" of shape ${formatShape(shape)}, which is more than the file holds. Expected ` +
        "a file with all weights of its layers.",
      { details: { name, shape } },
    );
  }
  left -= elements;
  return true;
}
