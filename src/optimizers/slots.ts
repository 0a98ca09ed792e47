import { arenaRuns, packVariables, tensor, type Variable, variable } from "../tensor/index.ts";

/** Variables that lie side by side in one arena, with what the optimizer keeps for each, which does too. */
export interface Arena {
  readonly variables: readonly Variable[];
  /** For each slot name, a tensor a variable. */
  readonly slots: readonly (readonly Variable[])[];
}

/** Where the runs begin, counted in variables. */
function runStarts(runs: readonly (readonly Variable[])[]): number[] {
  let start = 0;
  return runs.map((run) => {
    start += run.length;
    return start - run.length;
  });
}

/** What an optimizer keeps for each weight: running means, momenta. They are made when a weight first comes. */
export class Slots {
  readonly #owner: string;
  readonly #names: readonly string[];
  readonly #byVariable = new Map<Variable, readonly Variable[]>();
  /** Values that were set before there was a variable for them. */
  readonly #awaited = new Map<string, Float32Array>();

  constructor(owner: string, names: readonly string[]) {
    this.#owner = owner;
    this.#names = names;
  }

  /** Makes what is missing, and moves weights and slots into arenas, so that one dispatch updates all. */
  build(variables: readonly Variable[]): void {
    const fresh = variables.filter((one) => !this.#byVariable.has(one));
    if (fresh.length === 0) return;
    packVariables([...variables]);
    for (const one of fresh) {
      const slots = this.#names.map((name) => this.#make(one, name));
      this.#byVariable.set(one, slots);
    }
    this.#names.forEach((_, index) => {
      packVariables(variables.map((one) => this.#slot(one, index)));
    });
  }

  /** The variables in groups that are contiguous in every arena they take part in. */
  arenas(variables: readonly Variable[]): Arena[] {
    const lists = [
      [...variables],
      ...this.#names.map((_, i) => variables.map((v) => this.#slot(v, i))),
    ];
    const [own = [], ...slots] = lists;
    const starts = new Set(lists.flatMap((list) => runStarts(arenaRuns(list))));
    const bounds = [...starts].sort((a, b) => a - b);
    return bounds.map((start, i) => {
      const end = bounds[i + 1] ?? own.length;
      return {
        variables: own.slice(start, end),
        slots: slots.map((list) => list.slice(start, end)),
      };
    });
  }

  /** All slots by name, `adam/lstm_1/kernel/momentum`. */
  all(): ReadonlyMap<string, Variable> {
    const slots = [...this.#byVariable.values()].flat();
    return new Map(slots.map((slot) => [slot.name, slot]));
  }

  /** Number of variables that something is kept for. */
  get size(): number {
    return this.#byVariable.size;
  }

  /** Sets a slot; one that there is not yet takes the values up when its weight comes. */
  restore(name: string, values: Float32Array): void {
    const slot = this.all().get(name);
    if (slot === undefined) this.#awaited.set(name, values);
    else slot.assign(tensor(values, slot.shape));
  }

  /** Frees what is kept for these variables. */
  forget(variables: readonly Variable[]): void {
    for (const one of variables) {
      for (const slot of this.#byVariable.get(one) ?? []) slot.dispose();
      this.#byVariable.delete(one);
    }
  }

  dispose(): void {
    for (const slots of this.#byVariable.values()) for (const slot of slots) slot.dispose();
    this.#byVariable.clear();
    this.#awaited.clear();
  }

  #make(of: Variable, slot: string): Variable {
    const name = `${this.#owner}/${of.name}/${slot}`;
    const values = this.#awaited.get(name) ?? new Float32Array(of.size);
    this.#awaited.delete(name);
    return variable(tensor(values, of.shape), false, name);
  }

  #slot(of: Variable, index: number): Variable {
    const slot = this.#byVariable.get(of)?.[index];
    if (slot === undefined) throw new RangeError(`${this.#owner} keeps nothing for ${of.name}`);
    return slot;
  }
}
