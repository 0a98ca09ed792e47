const counts = new Map<string, number>();

/** `SimpleRNN` → `simple_rnn`, as Keras does it. */
function snakeCase(className: string): string {
  return className
    .replace(/(.)([A-Z][a-z]+)/g, "$1_$2")
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase();
}

/** A name that no other automatic name equals: `lstm_1`, `lstm_2`, … */
export function autoName(className: string): string {
  const prefix = snakeCase(className);
  const count = (counts.get(prefix) ?? 0) + 1;
  counts.set(prefix, count);
  return `${prefix}_${count}`;
}

/** Keeps automatic names clear of one that was given: layers that come from a file bring theirs along. */
export function reserveName(name: string): void {
  const [, prefix, number] = /^(.+)_(\d{1,9})$/.exec(name) ?? [];
  if (prefix === undefined) return;
  counts.set(prefix, Math.max(counts.get(prefix) ?? 0, Number(number)));
}

/** The name that a class declares itself; a class that declares none goes by its JavaScript name. */
export function classNameOf(made: { readonly name: string; readonly className?: string }): string {
  return Object.hasOwn(made, "className") ? (made.className ?? made.name) : made.name;
}
