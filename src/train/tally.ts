import { HostScalar } from "../graph/host-scalar.ts";
import type { Value } from "../graph/node.ts";
import type { MetricRule } from "../metrics/metric-rule.ts";
import { ops } from "../ops/index.ts";
import { Tensor, type Variable, variable } from "../tensor/index.ts";
import type { Logs } from "./callbacks/callback-hooks.ts";

/** A figure that is reported: its totals add up over many steps. */
export type TallyEntry = Pick<MetricRule, "name" | "size" | "result">;

/** What a tally has come to. */
export interface TallyReading {
  readonly logs: Logs;
  /** Steps that were added. */
  readonly steps: number;
  /** Steps whose update was refused, because a loss or a gradient was not finite. */
  readonly refused: number;
}

/**
 * Adds up losses and metrics on the GPU, so that no step waits for its figures. All totals are one variable: those of
 * each entry, then the number of steps and of refused updates.
 */
export class Tally {
  readonly #entries: readonly TallyEntry[];
  readonly #totals: Variable; // [Σ sizes + 2]

  constructor(name: string, entries: readonly TallyEntry[]) {
    this.#entries = entries;
    this.#totals = variable(new Float32Array(this.#size + 2), false, name);
  }

  /** Names of the figures, in their order. */
  get names(): string[] {
    return this.#entries.map(({ name }) => name);
  }

  /** Records the addition of one step: its totals in the order of the entries. `accepted` is 1 or 0; absent: 1. */
  add(totals: readonly Value[], accepted?: Value): void {
    const one = ops.scalar(HostScalar.of(1));
    const refused = accepted === undefined ? ops.literal(0) : ops.sub(ops.literal(1), accepted);
    const counts = [one, refused].map((value) => ops.reshape(value, [1]));
    const vector = ops.concat([...totals, ...counts], 0);
    this.#totals.assign(Tensor.of(ops.add(this.#totals.value, vector)));
  }

  /** Begins anew. */
  reset(): void {
    this.#totals.assign(new Float32Array(this.#totals.size));
  }

  /** The totals themselves, to go on with elsewhere. */
  async totals(): Promise<Float32Array> {
    return Float32Array.from(await this.#totals.data());
  }

  /** Goes on with totals of before; of another number of figures they are of no use. */
  restore(totals: Float32Array): void {
    if (totals.length === this.#totals.size) this.#totals.assign(totals);
  }

  /** The figures up to the latest step that was recorded before this call; one readback. */
  async read(): Promise<TallyReading> {
    const counts = ops.slice(this.#totals.value, [this.#size], [2]);
    const figures = this.#figures().map((figure) => ops.reshape(figure, [1]));
    const values = await Tensor.of(ops.concat([...figures, counts], 0)).data();
    const at = (index: number): number => values[index] ?? 0;
    const end = this.#entries.length;
    const logs = Object.fromEntries(this.#entries.map(({ name }, i) => [name, at(i)]));
    return { logs, steps: at(end), refused: at(end + 1) };
  }

  /** The figures as scalars, recorded like any other operation. */
  figures(): Tensor[] {
    return this.#figures().map((figure) => Tensor.of(figure));
  }

  dispose(): void {
    this.#totals.dispose();
  }

  get #size(): number {
    return this.#entries.reduce((sum, { size }) => sum + size, 0);
  }

  #figures(): Value[] {
    let start = 0;
    return this.#entries.map(({ size, result }) => {
      const own = ops.slice(this.#totals.value, [start], [size]);
      start += size;
      return result(own);
    });
  }
}
