import { HostScalar } from "../graph/host-scalar.ts";
import type { Value } from "../graph/node.ts";
import type { MetricRule } from "../metrics/metric-rule.ts";
import { ops } from "../ops/index.ts";
import { Tensor, type Variable, variable } from "../tensor/index.ts";
import type { Logs } from "./callbacks/callback-hooks.ts";

/** A figure that is reported: its totals add up over many steps. */
export type TallyEntry = Omit<MetricRule, "totals">;

/** What a tally has come to. */
export interface TallyReading {
  readonly logs: Logs;
  /** Steps that were added. */
  readonly steps: number;
  /** Steps whose update was refused, because a loss or a gradient was not finite. */
  readonly refused: number;
}

/** Where the totals lie, once it is known how many they are. */
interface Place {
  readonly sizes: readonly number[];
  readonly totals: Variable; // [Σ sizes + 2]
}

/**
 * Adds up losses and metrics on the GPU, so that no step waits for its figures. All totals are one variable: those of
 * each entry, then the number of steps and of refused updates.
 */
export class Tally {
  readonly #name: string;
  readonly #entries: readonly TallyEntry[];
  /** Null until the first step is recorded, where the size of an entry depends on the predictions. */
  #place: Place | null = null;

  constructor(name: string, entries: readonly TallyEntry[]) {
    this.#name = name;
    this.#entries = entries;
    const sizes = entries.flatMap(({ size }) => (size === null ? [] : [size]));
    if (sizes.length === entries.length) this.#place = this.#placeFor(sizes);
  }

  /** Names of the figures, in their order. */
  get names(): string[] {
    return this.#entries.map(({ name }) => name);
  }

  /** Records the addition of one step: its totals in the order of the entries. `refused` is 1 or 0; absent: 0. */
  add(totals: readonly Value[], refused: Value = ops.literal(0)): void {
    this.#place ??= this.#placeFor(totals.map((value) => value.shape[0] ?? 0));
    const before = this.#place.totals;
    const one = ops.scalar(HostScalar.of(1));
    const counts = [one, refused].map((value) => ops.reshape(value, [1]));
    if (this.#entries.every(({ combine }) => combine === undefined)) {
      before.assign(Tensor.of(ops.add(before.value, ops.concat([...totals, ...counts], 0))));
      return;
    }
    const [own, steps] = this.#parts(this.#place);
    const combined = own.map((part, i) => {
      const batch = totals[i] ?? part;
      return (this.#entries[i]?.combine ?? ops.add)(part, batch);
    });
    before.assign(Tensor.of(ops.concat([...combined, ops.add(steps, ops.concat(counts, 0))], 0)));
  }

  /** Begins anew. */
  reset(): void {
    this.#place?.totals.assign(new Float32Array(this.#place.totals.size));
  }

  /** The totals themselves, to go on with elsewhere; null before the first step. */
  totals(): Promise<Float32Array> | null {
    return this.#place?.totals.data().then((data) => Float32Array.from(data)) ?? null;
  }

  /** Goes on with totals of before; of another number of figures they are of no use. */
  restore(totals: Float32Array): void {
    this.#place ??= this.#placeLike(totals.length - 2);
    if (totals.length === this.#place?.totals.size) this.#place.totals.assign(totals);
  }

  /** The figures up to the latest step that was recorded before this call; one readback. */
  async read(): Promise<TallyReading> {
    const [, counts] = this.#parts(this.#known);
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
    this.#place?.totals.dispose();
  }

  get #known(): Place {
    if (this.#place !== null) return this.#place;
    throw new RangeError(`${this.#name}: figures are asked for before the first step`);
  }

  #placeFor(sizes: readonly number[]): Place {
    const size = sizes.reduce((sum, one) => sum + one, 0);
    return { sizes, totals: variable(new Float32Array(size + 2), false, this.#name) };
  }

  /** The place of totals of before, where no more than one entry's size is open. */
  #placeLike(size: number): Place | null {
    const sizes = this.#entries.map((entry) => entry.size);
    if (sizes.filter((one) => one === null).length > 1) return null;
    const rest = size - sizes.reduce<number>((sum, one) => sum + (one ?? 0), 0);
    return rest < 0 ? null : this.#placeFor(sizes.map((one) => one ?? rest));
  }

  /** The totals of each entry; then the counts of steps, [2]. */
  #parts({ sizes, totals }: Place): readonly [readonly Value[], Value] {
    let start = 0;
    const own = sizes.map((size) => {
      start += size;
      return ops.slice(totals.value, [start - size], [size]);
    });
    return [own, ops.slice(totals.value, [start], [2])];
  }

  #figures(): Value[] {
    const [own, counts] = this.#parts(this.#known);
    return this.#entries.map(({ result }, i) => result(own[i] ?? counts));
  }
}
