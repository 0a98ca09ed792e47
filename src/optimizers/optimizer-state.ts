import { wholeNumber } from "../names/whole-number.ts";
import { Tensor, tensor, type Variable, variable } from "../tensor/index.ts";
import { ACCUMULATOR, AVERAGE } from "./kept-means.ts";
import type { NamedData, NamedTensor } from "./named-tensor.ts";
import type { SharedSettings } from "./optimizer-config.ts";
import { type PlacedSlot, Slots } from "./slots.ts";
import type { UpdateRule } from "./update-rule.ts";

/** What one optimizer keeps on the GPU: slots of each weight, and counters. */
export class OptimizerState {
  readonly slots: Slots;
  readonly #name: string;
  readonly #accumulates: boolean;
  #fault: Variable | null = null; // int32[4]
  #count: Variable | null = null; // []
  /** What `count` begins with. */
  #firstCount = 0;

  constructor(name: string, rule: UpdateRule, settings: SharedSettings) {
    this.#name = name;
    this.#accumulates = settings.gradientAccumulationSteps > 1;
    const isPacked = rule.form === "kernel";
    const slots: PlacedSlot[] = rule.slots.map((slot) => ({ ...slot, isPacked }));
    if (this.#accumulates) slots.push({ name: ACCUMULATOR, isPacked: true });
    if (settings.useEma) slots.push({ name: AVERAGE, first: "weight", isPacked: true });
    this.slots = new Slots(name, slots);
  }

  /** Makes what is not there yet. */
  build(variables: readonly Variable[]): void {
    this.slots.build(variables);
    this.#fault ??= variable(new Int32Array(4), false, `${this.#name}/fault`);
    if (!this.#accumulates || this.#count !== null) return;
    this.#count = variable(tensor([this.#firstCount], []), false, this.#countName);
    this.#firstCount = 0;
  }

  get #countName(): string {
    return `${this.#name}/accumulated_steps`;
  }

  /** int32[4]: refused updates so far, 1 + number of the first one. */
  get fault(): Variable {
    if (this.#fault === null) throw new RangeError(`${this.#name} is not built`);
    return this.#fault;
  }

  /** Steps whose gradients are in the accumulators, a scalar; null where gradients are not accumulated. */
  get count(): Variable | null {
    return this.#count;
  }

  async refused(): Promise<number> {
    const [refused = 0] = (await this.#fault?.data()) ?? [];
    return refused;
  }

  clearFault(): void {
    this.#fault?.assign(tensor(new Int32Array(4), [4], "int32"));
  }

  /** Gives these weights (undefined: all) the values of their running means. For use inside a scope. */
  takeAverages(variables: readonly Variable[] = this.slots.variables): void {
    for (const one of variables) {
      const average = this.slots.of(one).get(AVERAGE);
      if (average !== undefined) one.assign(Tensor.of(average.value));
    }
  }

  /** Everything by name, as it is at the call. */
  async read(steps: number): Promise<NamedTensor[]> {
    const counted = this.#count?.data();
    const slots = this.slots.read();
    const own = [{ name: "iter", tensor: tensor([steps], [], "int32") }];
    if (this.#accumulates) {
      const [count = this.#firstCount] = (await counted) ?? [];
      own.push({ name: this.#countName, tensor: tensor([count], []) });
    }
    return [...own, ...(await slots)];
  }

  /**
   * Sets what `read` gave. Nothing is changed when it throws.
   * @returns The number of steps.
   * @throws {ArgumentError} for counts that are none.
   * @throws {ShapeError} for a slot of another size.
   */
  restore(weights: readonly NamedData[], steps: number): number {
    const counts = new Map<string, number>();
    for (const { name, data } of weights) {
      if (name !== "iter" && name !== this.#countName) continue;
      const [given = Number.NaN] = data;
      counts.set(name, wholeNumber(given, `${this.#name}.setWeights: ${name}`, 0));
    }
    this.slots.restore(weights.filter(({ name }) => !counts.has(name)));
    const accumulated = counts.get(this.#countName);
    if (accumulated !== undefined) {
      this.#firstCount = accumulated;
      this.#count?.assign(tensor([accumulated], []));
    }
    return counts.get("iter") ?? steps;
  }

  forget(variables: readonly Variable[]): void {
    this.slots.forget(variables);
    if (this.slots.variables.length === 0) this.#endCounters();
  }

  dispose(): void {
    this.slots.dispose();
    this.#endCounters();
  }

  #endCounters(): void {
    this.#fault?.dispose();
    this.#count?.dispose();
    [this.#fault, this.#count] = [null, null];
  }
}
