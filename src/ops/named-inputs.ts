import type { Attributes, Value } from "../graph/node.ts";

/** Inputs by name; absent ones are missing. A node lists the names of those it has in attribute `inputs`. */
export type Named<T> = Readonly<Record<string, T | undefined>>;

/** Leaves out absent inputs and notes the names of the others. */
export function pickInputs(
  inputs: Named<Value>,
  names: readonly string[],
): { values: Value[]; names: string[] } {
  const present = names.filter((name) => inputs[name] !== undefined);
  return { values: present.map((name) => named(inputs, name)), names: present };
}

/** Input `name`, which is known to be there. */
export function named<T>(inputs: Named<T>, name: string): T {
  const found = inputs[name];
  if (found === undefined) throw new RangeError(`no input "${name}"`);
  return found;
}

/** The inputs of a node (or of its reference) under their names. */
export function namedInputs<T>(list: readonly T[], attributes: Attributes): Named<T> {
  return Object.fromEntries(inputNames(attributes).map((name, i) => [name, list[i]]));
}

/** Names of the inputs that a node has, in their order. */
export function inputNames(attributes: Attributes): readonly string[] {
  return attributes.inputs as readonly string[];
}
