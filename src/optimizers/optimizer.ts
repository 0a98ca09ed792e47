import { ArgumentError, DisposedError, ShapeError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { formatShape, shapesEqual } from "../graph/shape.ts";
import {
  gradientsByVariable,
  scope,
  type Tensor,
  tensor,
  type Variable,
  variable,
  variableGrads,
  variableOf,
  variablesNamed,
} from "../tensor/index.ts";
import { recordUpdate } from "./record-update.ts";
import type { LearningRateSchedule } from "./schedules.ts";
import { Slots } from "./slots.ts";
import { UpdateClock } from "./update-clock.ts";
import { checkSetting, type OptimizerConfig, type UpdateRule } from "./update-rule.ts";

/** A tensor with the name of the variable that it belongs to. */
export interface NamedTensor {
  readonly name: string;
  readonly tensor: Tensor;
}

/** Gradients by variable name. */
export type NamedGradients = Readonly<Record<string, Tensor>> | readonly NamedTensor[];

/** How an update is recorded. */
interface RecordOptions {
  /** The loss, which has to be finite too. */
  readonly loss?: Value;
  /** Asked at each run: whether updates after a refused one are refused until `clearFault`. Default: not. */
  readonly isSticky?: () => boolean;
}

/**
 * Changes variables so that a loss becomes smaller. Made by `train.sgd`, `train.rmsprop`, `train.adam`, `train.adamw`.
 *
 * All weights and all that is kept for them are updated by one kernel. An update with a gradient that is not finite
 * changes nothing; `refusedUpdates()` counts them.
 *
 * Counterpart of `tf.Optimizer`.
 */
export class Optimizer {
  readonly name: string;
  /** Bound of the common L2 norm of all gradients; 0: none. */
  readonly globalClipnorm: number;
  /** Bound of the L2 norm of each gradient; 0: none. */
  readonly clipnorm: number;
  /** Bound of the size of each element; 0: none. */
  readonly clipvalue: number;
  readonly #rule: UpdateRule;
  readonly #slots: Slots;
  #learningRate: number | LearningRateSchedule;
  #iterations = 0;
  #fault: Variable | null = null; // int32[4]
  #isDisposed = false;

  /** @internal Optimizers are made by functions: `train.adam(0.001)`. */
  constructor(rule: UpdateRule, config: OptimizerConfig) {
    const label = rule.kind;
    this.#rule = rule;
    this.name = config.name ?? label;
    this.#slots = new Slots(this.name, rule.slots);
    this.#learningRate = checkRate(label, config.learningRate ?? 0.001);
    this.globalClipnorm = checkSetting(`${label} globalClipnorm`, config.globalClipnorm ?? 0, {
      from: 0,
    });
    this.clipnorm = checkSetting(`${label} clipnorm`, config.clipnorm ?? 0, { from: 0 });
    this.clipvalue = checkSetting(`${label} clipvalue`, config.clipvalue ?? 0, { from: 0 });
    const bounds = [this.globalClipnorm, this.clipnorm, this.clipvalue].filter(
      (bound) => bound > 0,
    );
    if (bounds.length > 1) {
      throw new ArgumentError(
        `${label}: received several of globalClipnorm, clipnorm and clipvalue. Expected one of them.`,
      );
    }
  }

  /** Updates enqueued so far, refused ones among them. */
  get iterations(): number {
    return this.#iterations;
  }

  /** Size of the next step: a number, or what the schedule says for it. It may be set at any time. */
  get learningRate(): number {
    const rate = this.#learningRate;
    return typeof rate === "function" ? rate(this.#iterations) : rate;
  }

  set learningRate(rate: number | LearningRateSchedule) {
    this.#learningRate = checkRate(this.name, rate);
  }

  /** Whether the learning rate follows a schedule. */
  get hasSchedule(): boolean {
    return typeof this.#learningRate === "function";
  }

  /**
   * Takes one step that makes `f` smaller.
   *
   * @example
   * const x = sl.variable(sl.tensor1d([3]));
   * const cost = sl.train.sgd(0.25).minimize(() => x.square().sum(), true);
   * console.log(await cost?.data(), await x.data()); // Float32Array [ 9 ] Float32Array [ 1.5 ]
   *
   * @param f Gives the loss, a scalar.
   * @param returnCost Whether the loss before the step is returned. Default false.
   * @param varList Variables to change. Default: all trainable ones that `f` reads.
   * @returns The loss, or null.
   * @throws {ArgumentError} when `f` depends on none of the variables.
   */
  minimize(
    f: () => Tensor,
    returnCost = false,
    varList?: Variable | readonly Variable[],
  ): Tensor | null {
    this.#requireAlive();
    return scope(this.name, () => {
      const { value, variables, gradients } = gradientsByVariable(f, varList);
      // What the loss does not depend on stays as it is, its momentum and decay included.
      const reached = variables.filter((_, i) => gradients[i]);
      const found = gradients.flatMap((gradient) => (gradient ? [gradient.value] : []));
      this.record(reached, found, { loss: value.value });
      return returnCost ? value : null;
    });
  }

  /**
   * The loss and its gradients by variable name, without a step. Counterpart of `tf.variableGrads`.
   *
   * @param f Gives the loss, a scalar.
   * @param varList As in `minimize`.
   */
  computeGradients(
    f: () => Tensor,
    varList?: Variable | readonly Variable[],
  ): { value: Tensor; grads: Record<string, Tensor> } {
    this.#requireAlive();
    return variableGrads(f, varList);
  }

  /**
   * Takes one step along these gradients.
   *
   * @example
   * const w = sl.variable([3], true, "w");
   * const { grads } = sl.variableGrads(() => w.square().sum());
   * sl.train.sgd(0.25).applyGradients(grads);
   * console.log(await w.data()); // Float32Array [ 1.5 ]
   *
   * @param grads Gradients by variable name, as `variableGrads` gives them, or a list of `{ name, tensor }`.
   * @throws {ArgumentError} when there is no variable of that name, or several.
   * @throws {ShapeError} when a gradient has another shape than its variable.
   */
  applyGradients(grads: NamedGradients): void {
    this.#requireAlive();
    const list = Array.isArray(grads) ? (grads as readonly NamedTensor[]) : namedList(grads);
    scope(this.name, () => {
      const variables = list.map(
        ({ name, tensor }) => variableOf(tensor) ?? onlyVariable(this.name, name),
      );
      list.forEach(({ name, tensor }, i) => {
        checkGradient(`${this.name}.applyGradients: "${name}"`, tensor, variables[i]);
      });
      const gradients = list.map((one) => one.tensor.value);
      this.record(variables, gradients);
    });
  }

  /**
   * @internal Makes what is kept for these variables, and moves both into arenas, unless that was done before.
   */
  build(variables: readonly Variable[]): void {
    this.#slots.build(variables);
    this.#fault ??= variable(new Int32Array(4), false, `${this.name}/fault`);
  }

  /**
   * @internal Records a step: check, update of weights and slots. For use inside a scope.
   * @returns 1 where the step is accepted, 0 where it is refused; scalar.
   */
  record(
    variables: readonly Variable[],
    gradients: readonly Value[],
    { loss, isSticky = () => false }: RecordOptions = {},
  ): Value {
    this.build(variables);
    return recordUpdate({
      rule: this.#rule,
      arenas: this.#slots.arenas(variables),
      gradients,
      loss: loss ?? null,
      fault: this.#requireFault(),
      isSticky,
      clock: new UpdateClock(() => this.#nextStep()),
      clipnorm: this.clipnorm,
    });
  }

  /** How many updates were refused because a gradient or the loss was not finite; `fit` begins to count anew. */
  async refusedUpdates(): Promise<number> {
    const [count = 0] = (await this.#fault?.data()) ?? [];
    return count;
  }

  /** @internal Lets updates be accepted again after a sticky refusal. */
  clearFault(): void {
    this.#fault?.assign(tensor(new Int32Array(4), [4], "int32"));
  }

  /** @internal Frees what is kept for variables that end. */
  forget(variables: readonly Variable[]): void {
    this.#slots.forget(variables);
    if (this.#slots.size > 0) return;
    this.#fault?.dispose();
    this.#fault = null;
  }

  /**
   * What training that goes on needs besides the weights: the number of updates (`iter`) and all that is kept for the
   * weights, by name.
   */
  async getWeights(): Promise<NamedTensor[]> {
    const iterations = { name: "iter", tensor: tensor([this.#iterations], [], "int32") };
    const slots = [...this.#slots.all()].map(async ([name, slot]) => ({
      name,
      tensor: tensor(await slot.data(), slot.shape),
    }));
    return [iterations, ...(await Promise.all(slots))];
  }

  /**
   * Sets what `getWeights` gave, also before the first step.
   * @throws {ShapeError} when a size differs from that of the weight.
   */
  async setWeights(weights: readonly NamedTensor[]): Promise<void> {
    for (const { name, tensor: value } of weights) {
      const data = await value.data();
      if (name === "iter") this.#iterations = data[0] ?? 0;
      else this.#slots.restore(name, Float32Array.from(data));
    }
  }

  /** @internal `setWeights` for data on the host, at once. */
  restore(weights: readonly { readonly name: string; readonly data: ArrayLike<number> }[]): void {
    for (const { name, data } of weights) {
      if (name === "iter") this.#iterations = data[0] ?? 0;
      else this.#slots.restore(name, Float32Array.from(data));
    }
  }

  /** The name of the TF.js class: `"Adam"`, `"SGD"`, `"RMSProp"`, … */
  getClassName(): string {
    return CLASS_NAMES[this.#rule.kind] ?? this.#rule.kind;
  }

  /** The settings, as `compile` takes them. */
  getConfig(): Record<string, number | boolean | string> {
    const { globalClipnorm, clipnorm, clipvalue } = this;
    const bounds = Object.entries({ globalClipnorm, clipnorm, clipvalue }).filter(([, x]) => x > 0);
    const kind =
      this.#rule.kind === "momentum" || this.#rule.kind === "nesterov" ? "sgd" : this.#rule.kind;
    return {
      kind,
      learningRate: this.learningRate,
      ...this.#rule.config,
      ...Object.fromEntries(bounds),
    };
  }

  /** Frees what is kept for the weights; the weights stay. */
  dispose(): void {
    this.#isDisposed = true;
    this.#slots.dispose();
    this.#fault?.dispose();
    this.#fault = null;
  }

  /** Counts a step and gives its numbers; runs once for each run of a plan. */
  #nextStep(): Record<string, number> {
    const learningRate = this.learningRate;
    const step = this.#iterations++;
    const { globalClipnorm, clipvalue } = this;
    return { learningRate, step, globalClipnorm, clipvalue, ...this.#rule.scalars(step + 1) };
  }

  #requireFault(): Variable {
    if (this.#fault === null) throw new RangeError(`${this.name} is not built`);
    return this.#fault;
  }

  #requireAlive(): void {
    if (!this.#isDisposed) return;
    throw new DisposedError(`${this.name}: the optimizer was disposed. Make a new one.`);
  }
}

const CLASS_NAMES: Readonly<Record<string, string>> = {
  sgd: "SGD",
  momentum: "Momentum",
  nesterov: "Momentum",
  rmsprop: "RMSProp",
  adam: "Adam",
  adamw: "AdamW",
};

function namedList(grads: NamedGradients): NamedTensor[] {
  return Object.entries(grads).map(([name, gradient]) => ({ name, tensor: gradient }));
}

function onlyVariable(label: string, name: string): Variable {
  const [found, ...others] = variablesNamed(name);
  if (found !== undefined && others.length === 0) return found;
  throw new ArgumentError(
    `${label}.applyGradients: there ${found === undefined ? "is no variable" : "are several variables"} ` +
      `called "${name}". Expected the name of one; variable(value, true, "name") gives it.`,
  );
}

function checkGradient(label: string, gradient: Tensor, of: Variable | undefined): void {
  if (of === undefined || shapesEqual(gradient.shape, of.shape)) return;
  throw new ShapeError(
    `${label}: received a gradient of shape ${formatShape(gradient.shape)}. Expected the variable's shape ` +
      `${formatShape(of.shape)}.`,
  );
}

function checkRate(
  label: string,
  rate: number | LearningRateSchedule,
): number | LearningRateSchedule {
  if (typeof rate === "function") return rate;
  return checkSetting(`${label} learningRate`, rate, { from: 0 });
}
