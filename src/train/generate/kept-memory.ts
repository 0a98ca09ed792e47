import { type Tensor, type Variable, variable } from "../../tensor/index.ts";
import type { Memory } from "./decoder.ts";

/** Variables of one run, which end together. */
export class OwnVariables {
  readonly #all: Variable[] = [];

  /** A variable of this content; later ones may be given to it. */
  make(name: string, content: Tensor): Variable {
    const made = variable(content, false, `generate_${name}`);
    this.#all.push(made);
    return made;
  }

  dispose(): void {
    for (const one of this.#all.splice(0)) one.dispose();
  }
}

/** What a model remembers, kept on the GPU from step to step. */
export class KeptMemory implements Memory {
  readonly rows: readonly Variable[];
  readonly position: Variable | null;

  constructor({ rows, position }: Memory, owner: OwnVariables) {
    this.rows = rows.map((row, i) => owner.make(`state_${i}`, row));
    this.position = position && owner.make("position", position);
  }

  assign({ rows, position }: Memory): void {
    this.rows.forEach((one, i) => {
      const next = rows[i];
      // What stays as it is (an encoder's side) is not copied onto itself.
      if (next !== undefined && next.value !== one.value) one.assign(next);
    });
    if (position !== null) this.position?.assign(position);
  }
}
