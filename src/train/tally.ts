import { HostScalar } from "../graph/host-scalar.ts";
import type { Value } from "../graph/node.ts";
import { ops } from "../ops/index.ts";
import { Tensor, type Variable, variable } from "../tensor/index.ts";
import type { Logs } from "./callbacks.ts";

/** Smallest normal float32. */
const SMALLEST_WEIGHT = 2 ** -126;

/** A figure whose weighted mean over many steps is wanted. */
export interface TallyEntry {
  readonly name: string;
  /** Whether the figure is the root of the mean. Default false. */
  readonly isRoot?: boolean;
}

/** One step's part of a figure: both scalars. */
export interface TallyTotals {
  readonly sum: Value;
  readonly weight: Value;
}

/** What a tally has come to. */
export interface TallyReading {
  readonly logs: Logs;
  /** Steps that were added. */
  readonly steps: number;
  /** Steps whose update was refused, because a loss or a gradient was not finite. */
  readonly refused: number;
}

/**
 * Adds up losses and metrics on the GPU, so that no step waits for its figures. All totals are one variable:
 * [sum, weight] of each entry, then the number of steps and of refused updates.
 */
export class Tally {
  readonly #entries: readonly TallyEntry[];
  readonly #totals: Variable; // [2·entries + 2]

  constructor(name: string, entries: readonly TallyEntry[]) {
    this.#entries = entries;
    this.#totals = variable(new Float32Array(2 * entries.length + 2), false, name);
  }

  /** Records the addition of one step, in the order of the entries. `accepted` is 1 or 0; absent: 1. */
  add(totals: readonly TallyTotals[], accepted?: Value): void {
    const one = ops.scalar(HostScalar.of(1));
    const refused = accepted === undefined ? ops.literal(0) : ops.sub(ops.literal(1), accepted);
    const step = [...totals.flatMap(({ sum, weight }) => [sum, weight]), one, refused];
    const vector = ops.concat(
      step.map((value) => ops.reshape(value, [1])),
      0,
    );
    this.#totals.assign(Tensor.of(ops.add(this.#totals.value, vector)));
  }

  /** Begins anew. */
  reset(): void {
    this.#totals.assign(new Float32Array(this.#totals.size));
  }

  /** The means up to the latest step that was recorded before this call. */
  async read(): Promise<TallyReading> {
    const totals = await this.#totals.data();
    const at = (index: number): number => totals[index] ?? 0;
    const figures = this.#entries.map(({ name, isRoot }, i) => {
      const weight = at(2 * i + 1);
      const mean = weight === 0 ? 0 : at(2 * i) / weight;
      return [name, isRoot ? Math.sqrt(mean) : mean] as const;
    });
    const end = 2 * this.#entries.length;
    return { logs: Object.fromEntries(figures), steps: at(end), refused: at(end + 1) };
  }

  /** The means as scalars, recorded like any other operation. */
  figures(): Tensor[] {
    const totals = this.#totals.value;
    const at = (index: number): Value => ops.reshape(ops.slice(totals, [index], [1]), []);
    return this.#entries.map(({ isRoot }, i) => {
      // A weight of 0 comes with a sum of 0; the figure is 0 then, not NaN.
      const weight = ops.maximum(at(2 * i + 1), ops.literal(SMALLEST_WEIGHT));
      const mean = ops.div(at(2 * i), weight);
      return Tensor.of(isRoot ? ops.sqrt(mean) : mean);
    });
  }

  dispose(): void {
    this.#totals.dispose();
  }
}
