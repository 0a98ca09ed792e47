import { ArgumentError, DisposedError, ShapeError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { formatShape, shapesEqual } from "../graph/shape.ts";
import {
  gradientsByVariable,
  scope,
  type Tensor,
  type Variable,
  variableGrads,
  variableOf,
  variablesNamed,
} from "../tensor/index.ts";
import { checkSetting } from "./check-setting.ts";
import type { NamedData, NamedGradients, NamedTensor } from "./named-tensor.ts";
import {
  changedSettings,
  type OptimizerConfig,
  type SharedSettings,
  sharedSettings,
} from "./optimizer-config.ts";
import { OptimizerState } from "./optimizer-state.ts";
import { recordUpdate } from "./record-update.ts";
import { type LearningRate, resolveRate } from "./resolve-schedule.ts";
import { type LearningRateSchedule, serializeRate } from "./schedule.ts";
import { UpdateClock } from "./update-clock.ts";
import type { UpdateRule } from "./update-rule.ts";

/** How an update is recorded. */
interface RecordOptions {
  /** The loss, which has to be finite too. */
  readonly loss?: Value;
  /** Asked at each run: whether updates after a refused one are refused until `clearFault`. Default: not. */
  readonly isSticky?: () => boolean;
}

/**
 * Changes variables so that a loss becomes smaller. Made by `train.sgd`, `train.adam` and their like; derive from
 * `train.CustomOptimizer` to make your own.
 *
 * All weights and all that is kept for them are updated by one kernel. A step with a gradient that is not finite
 * changes nothing; `refusedUpdates()` counts them.
 *
 * What every optimizer does at a step, in this order, with Keras's equations (`keras.optimizers.Optimizer`):
 *
 *     g = mean of the gradients since the last update             gradientAccumulationSteps; else each step updates
 *     g clipped                                                   globalClipnorm, clipnorm or clipvalue
 *     p -= rate·weightDecay·p                                     weightDecay
 *     p, slots = rule of the optimizer
 *     p = constraint(p)                                           where the variable has one
 *     a = emaMomentum·a + (1 - emaMomentum)·p                     useEma; after the first update a = p
 *     p = a                                                       at every emaOverwriteFrequency-th update
 *
 * Keras averages before the constraint, and at accumulating steps too; here the averages hold what the constraint
 * asks for, and count updates.
 *
 * Counterpart of `tf.Optimizer`.
 */
export class Optimizer {
  readonly name: string;
  readonly #rule: UpdateRule;
  readonly #settings: SharedSettings;
  readonly #state: OptimizerState;
  #learningRate: number | LearningRateSchedule;
  #steps = 0;
  #isDisposed = false;

  /** @internal Optimizers are made by functions: `train.adam(0.001)`. */
  constructor(rule: UpdateRule, config: OptimizerConfig) {
    const label = rule.kind;
    this.#rule = rule;
    this.#settings = sharedSettings(label, config);
    this.name = config.name ?? label;
    this.#state = new OptimizerState(this.name, rule, this.#settings);
    this.#learningRate = resolveRate(label, config.learningRate ?? 0.001);
  }

  /** Bound of the common L2 norm of all gradients; 0: none. */
  get globalClipnorm(): number {
    return this.#settings.globalClipnorm;
  }

  /** Bound of the L2 norm of each gradient; 0: none. */
  get clipnorm(): number {
    return this.#settings.clipnorm;
  }

  /** Bound of the size of each element; 0: none. */
  get clipvalue(): number {
    return this.#settings.clipvalue;
  }

  /** Updates enqueued so far, refused ones among them; with `gradientAccumulationSteps` whole ones only. */
  get iterations(): number {
    return Math.floor(this.#steps / this.#settings.gradientAccumulationSteps);
  }

  /**
   * Size of the next step: a number, or what the schedule says for the number of batches so far. It may be set at
   * any time.
   * @throws {ArgumentError} when the schedule gives no number from 0 on; nothing is updated then.
   */
  get learningRate(): number {
    const rate = this.#learningRate;
    if (typeof rate === "number") return rate;
    const label = `${this.name}: the schedule's rate for batch ${this.#steps}`;
    return checkSetting(label, rate(this.#steps), { from: 0 });
  }

  set learningRate(rate: LearningRate) {
    this.#learningRate = resolveRate(this.name, rate);
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
    this.#state.build(variables);
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
    const { slots, fault, count } = this.#state;
    const clock = new UpdateClock(() => this.#nextStep());
    const [rule, settings] = [this.#rule, this.#settings];
    const step = { rule, settings, variables, gradients, slots, fault, count, isSticky, clock };
    return recordUpdate({ ...step, loss: loss ?? null });
  }

  /**
   * With `useEma`: gives the weights the values of their running means; otherwise nothing. `fit` calls it at its end;
   * a loop of your own calls it when training is over. Training may go on afterwards, from these weights.
   *
   * Counterpart of Keras's `finalize_variable_values`.
   *
   * @param varList Weights to change. Default: all that this optimizer has updated.
   * @example
   * const x = sl.variable(sl.tensor1d([4]));
   * const optimizer = sl.train.sgd({ learningRate: 0.25, useEma: true, emaMomentum: 0.5 });
   * for (let i = 0; i < 2; i++) optimizer.minimize(() => x.square().sum());
   * optimizer.finalizeVariableValues();
   * console.log(await x.data()); // Float32Array [ 1.5 ], the mean of 2 and 1
   */
  finalizeVariableValues(varList?: Variable | readonly Variable[]): void {
    this.#requireAlive();
    const list = varList === undefined ? undefined : [varList].flat();
    scope(`${this.name}/finalize`, () => this.#state.takeAverages(list));
  }

  /** How many updates were refused because a gradient or the loss was not finite; `fit` begins to count anew. */
  async refusedUpdates(): Promise<number> {
    return this.#state.refused();
  }

  /** @internal Lets updates be accepted again after a sticky refusal. */
  clearFault(): void {
    this.#state.clearFault();
  }

  /** @internal Frees what is kept for variables that end. */
  forget(variables: readonly Variable[]): void {
    this.#state.forget(variables);
  }

  /**
   * What training that goes on needs besides the weights, to the bit: the number of steps (`iter`), all that is kept
   * for the weights, by name, and how far an accumulation of gradients has come (`accumulated_steps`).
   */
  async getWeights(): Promise<NamedTensor[]> {
    return this.#state.read(this.#steps);
  }

  /**
   * Sets what `getWeights` gave, also before the first step: what belongs to a weight waits for it. Weights are told
   * apart by their names.
   * @throws {ShapeError} when a size differs from that of the weight.
   */
  async setWeights(weights: readonly NamedTensor[]): Promise<void> {
    const read = weights.map(async ({ name, tensor: one }) => ({
      name,
      shape: one.shape,
      data: await one.data(),
    }));
    this.restore(await Promise.all(read));
  }

  /** @internal `setWeights` for data on the host, at once. */
  restore(weights: readonly NamedData[]): void {
    this.#steps = this.#state.restore(weights, this.#steps);
  }

  /** The name of the class in saved models: `"Adam"`, `"SGD"`, `"RMSProp"`, … */
  getClassName(): string {
    return this.#rule.className;
  }

  /**
   * The settings as plain data, as `compile` takes them.
   * @throws {ArgumentError} when the learning rate is a function that has no such form.
   */
  getConfig(): Record<string, unknown> {
    const { kind, config } = this.#rule;
    return {
      kind,
      learningRate: serializeRate(this.name, this.#learningRate),
      ...config,
      ...changedSettings(this.#settings),
      ...(this.name === kind ? {} : { name: this.name }),
    };
  }

  /** Frees what is kept for the weights; the weights stay. */
  dispose(): void {
    this.#isDisposed = true;
    this.#state.dispose();
  }

  /** Counts a step and gives its numbers; runs once for each run of a plan. */
  #nextStep(): Record<string, number> {
    const { gradientAccumulationSteps, emaOverwriteFrequency, emaMomentum } = this.#settings;
    const { learningRate } = this;
    const update = this.iterations + 1;
    const step = this.#steps++;
    const isDue = this.#steps % gradientAccumulationSteps === 0;
    const overwrites = isDue && emaOverwriteFrequency > 0 && update % emaOverwriteFrequency === 0;
    return {
      learningRate,
      step,
      update,
      globalClipnorm: this.globalClipnorm,
      clipvalue: this.clipvalue,
      decay: learningRate * this.#settings.weightDecay,
      due: isDue ? 1 : 0,
      averageShare: update === 1 ? 1 : 1 - emaMomentum,
      overwrites: overwrites ? 1 : 0,
      ...this.#rule.numbers(update, learningRate),
    };
  }

  #requireAlive(): void {
    if (!this.#isDisposed) return;
    throw new DisposedError(`${this.name}: the optimizer was disposed. Make a new one.`);
  }
}

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
