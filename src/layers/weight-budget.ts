import { FormatError } from "../errors.ts";
import { formatShape, sizeOf } from "../graph/shape.ts";

/** What may be made while layers come from a file. */
interface Budget {
  /** Weight elements that may still be made. */
  left: number;
  /** What was made, to be freed when building fails. */
  readonly made: { dispose(): void }[];
}

let current: Budget | null = null;

/** What was built, and the way to free every weight of it: of layers, too, that were built and are part of nothing. */
export interface Built<T> {
  readonly result: T;
  readonly discard: () => void;
}

/**
 * Builds layers whose weights come from a file of `elements` elements. They begin as zeros: initializers would work for
 * nothing, and a file that claims layers beyond its own size must not make anybody allocate them. When building fails
 * all weights that were made end.
 */
export function withinBudget<T>(elements: number, build: () => T): Built<T> {
  const outer = current;
  const budget: Budget = { left: elements, made: [] };
  current = budget;
  const discard = (): void => {
    for (const one of budget.made) one.dispose();
  };
  try {
    return { result: build(), discard };
  } catch (error) {
    discard();
    throw error;
  } finally {
    current = outer;
  }
}

/**
 * To be called before a weight or state is made.
 * @returns Whether its content will be loaded.
 * @throws {FormatError} when it is more than the file holds.
 */
export function takeFromBudget(name: string, shape: readonly number[]): boolean {
  if (current === null) return false;
  const elements = sizeOf(shape);
  if (elements > current.left) {
    throw new FormatError(
      `the layers need a weight "${name}" of shape ${formatShape(shape)}, which is more than the file holds. Expected ` +
        "a file with all weights of its layers.",
      { details: { name, shape } },
    );
  }
  current.left -= elements;
  return true;
}

/** To be called with what was made. */
export function noteMade<T extends { dispose(): void }>(made: T): T {
  current?.made.push(made);
  return made;
}
