import { ShapeError } from "../errors.ts";
import { formatShape, type Shape, sizeOf } from "../graph/shape.ts";
import { arenaRuns, packVariables, tensor, type Variable, variable } from "../tensor/index.ts";
import type { NamedData, NamedTensor } from "./named-tensor.ts";
import type { SlotSpec } from "./update-rule.ts";

/** A slot, and whether those of all weights are to lie side by side; they have the weights' shapes then. */
export interface PlacedSlot extends SlotSpec {
  readonly isPacked: boolean;
}

/** Variables that lie side by side in one arena, with what the optimizer keeps for each, which does too. */
export interface Arena {
  /** Place of the first variable among all. */
  readonly start: number;
  readonly variables: readonly Variable[];
  /** For each packed slot, a tensor a variable. */
  readonly slots: ReadonlyMap<string, readonly Variable[]>;
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
  readonly #specs: readonly PlacedSlot[];
  readonly #byVariable = new Map<Variable, ReadonlyMap<string, Variable>>();
  /** Values that were set before there was a variable for them. */
  readonly #awaited = new Map<string, { values: Float32Array; shape: Shape }>();

  constructor(owner: string, specs: readonly PlacedSlot[]) {
    this.#owner = owner;
    this.#specs = specs;
  }

  /** Makes what is missing, and moves weights and slots into arenas, so that one dispatch updates all. */
  build(variables: readonly Variable[]): void {
    const fresh = variables.filter((one) => !this.#byVariable.has(one));
    if (fresh.length === 0) return;
    packVariables([...variables]);
    for (const one of fresh) {
      const slots = this.#specs.flatMap((spec) => {
        const slot = this.#make(one, spec);
        return slot === null ? [] : [[spec.name, slot] as const];
      });
      this.#byVariable.set(one, new Map(slots));
    }
    for (const { name } of this.#packed()) {
      packVariables(variables.map((one) => this.slot(one, name)));
    }
  }

  /** The variables in groups that are contiguous in every arena they take part in. */
  arenas(variables: readonly Variable[]): Arena[] {
    const slots = this.#packed().map(
      ({ name }) => [name, variables.map((one) => this.slot(one, name))] as const,
    );
    const lists = [[...variables], ...slots.map(([, list]) => list)];
    const starts = new Set(lists.flatMap((list) => runStarts(arenaRuns(list))));
    const bounds = [...starts].sort((a, b) => a - b);
    return bounds.map((start, i) => {
      const end = bounds[i + 1] ?? variables.length;
      return {
        start,
        variables: variables.slice(start, end),
        slots: new Map(slots.map(([name, list]) => [name, list.slice(start, end)])),
      };
    });
  }

  /** What is kept for a variable, by slot name. */
  of(variable: Variable): ReadonlyMap<string, Variable> {
    return this.#byVariable.get(variable) ?? new Map();
  }

  slot(of: Variable, name: string): Variable {
    const slot = this.of(of).get(name);
    if (slot === undefined) throw new RangeError(`${this.#owner} keeps no ${name} for ${of.name}`);
    return slot;
  }

  /** The variables that something is kept for. */
  get variables(): Variable[] {
    return [...this.#byVariable.keys()];
  }

  /** Copies of all slots by name, `adam/lstm_1/kernel/momentum`, and of what waits for its weight. */
  async read(): Promise<NamedTensor[]> {
    const slots = [...this.#all()].map(async ([name, slot]) => ({
      name,
      tensor: tensor(await slot.data(), slot.shape),
    }));
    const awaited = [...this.#awaited].map(([name, { values, shape }]) => ({
      name,
      tensor: tensor(values.slice(), shape),
    }));
    return [...(await Promise.all(slots)), ...awaited];
  }

  /**
   * Sets slots; one that there is not yet takes the values up when its weight comes.
   * @throws {ShapeError} when a size is another; nothing is changed then.
   */
  restore(given: readonly NamedData[]): void {
    const all = this.#all();
    for (const { name, data } of given) {
      const slot = all.get(name);
      if (slot !== undefined) checkSize(name, data.length, slot.shape);
    }
    for (const { name, shape, data } of given) {
      const values = Float32Array.from(data);
      const slot = all.get(name);
      if (slot !== undefined) slot.assign(tensor(values, slot.shape));
      else this.#awaited.set(name, { values, shape });
    }
  }

  /** Frees what is kept for these variables. */
  forget(variables: readonly Variable[]): void {
    for (const one of variables) {
      for (const slot of this.of(one).values()) slot.dispose();
      this.#byVariable.delete(one);
    }
  }

  dispose(): void {
    this.forget(this.variables);
    this.#awaited.clear();
  }

  #packed(): PlacedSlot[] {
    return this.#specs.filter((spec) => spec.isPacked);
  }

  #all(): Map<string, Variable> {
    const slots = [...this.#byVariable.values()].flatMap((one) => [...one.values()]);
    return new Map(slots.map((slot) => [slot.name, slot]));
  }

  #make(of: Variable, { name: slot, shape: shapeOf, first = 0 }: PlacedSlot): Variable | null {
    const name = `${this.#owner}/${of.name}/${slot}`;
    const shape = shapeOf === undefined ? of.shape : shapeOf(of.shape);
    if (shape === null) return null;
    const awaited = this.#awaited.get(name);
    if (awaited !== undefined) checkSize(name, awaited.values.length, shape);
    this.#awaited.delete(name);
    if (awaited !== undefined) return variable(tensor(awaited.values, shape), false, name);
    if (first === "weight") return variable(of, false, name);
    return variable(tensor(new Float32Array(sizeOf(shape)).fill(first), shape), false, name);
  }
}

function checkSize(name: string, size: number, shape: Shape): void {
  if (size === sizeOf(shape)) return;
  throw new ShapeError(
    `optimizer: "${name}" was given ${size} numbers. Expected ${sizeOf(shape)}, for shape ${formatShape(shape)}: ` +
      "those of an optimizer that trained the same weights.",
    { details: { name, received: size, expected: shape } },
  );
}
