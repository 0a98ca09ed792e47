import { ArgumentError, DisposedError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { describeValue } from "../names/describe.ts";
import { checkFunction } from "../tensor/gradients.ts";
import {
  gradientsByVariable,
  scope,
  Tensor,
  type Variable,
  variableGrads,
} from "../tensor/index.ts";
import { FixedLossScale, type LossScale } from "./loss-scale.ts";
import { checkTrainable, matchGradients } from "./match-gradients.ts";
import type { NamedData, NamedGradients, NamedTensor } from "./named-tensor.ts";
import type { OptimizerConfig } from "./optimizer-config.ts";
import { OptimizerCore } from "./optimizer-core.ts";
import { recordUpdate, type Verdict } from "./record-update.ts";
import type { LearningRate } from "./resolve-schedule.ts";
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
 *     g = gradient of lossScaleFactor·loss, /= lossScaleFactor    lossScaleFactor, or lossScaleOptimizer
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
  readonly #core: OptimizerCore;
  readonly #lossScale: LossScale;

  /**
   * @internal Optimizers are made by functions: `train.adam(0.001)`.
   * @param of How to update; or another optimizer, whose settings, rate and state this one has as well.
   */
  constructor(of: UpdateRule | Optimizer, config: OptimizerConfig = {}, lossScale?: LossScale) {
    this.#core = of instanceof Optimizer ? of.#core : new OptimizerCore(of, config);
    this.#lossScale = lossScale ?? new FixedLossScale(this.#core.settings.lossScaleFactor);
    this.name = this.#core.name;
  }

  /** Bound of the common L2 norm of all gradients; 0: none. */
  get globalClipnorm(): number {
    return this.#core.settings.globalClipnorm;
  }

  /** Bound of the L2 norm of each gradient; 0: none. */
  get clipnorm(): number {
    return this.#core.settings.clipnorm;
  }

  /** Bound of the size of each element; 0: none. */
  get clipvalue(): number {
    return this.#core.settings.clipvalue;
  }

  /** What losses are multiplied by before gradients are taken, where that is a fixed number; 1: none. */
  get lossScaleFactor(): number {
    return this.#core.settings.lossScaleFactor;
  }

  /**
   * Updates enqueued so far, those that changed nothing among them; with `gradientAccumulationSteps` whole ones only.
   */
  get iterations(): number {
    return this.#core.iterations;
  }

  /**
   * Size of the next step: a number, or what the schedule says for the number of batches so far. It may be set at
   * any time.
   * @throws {ArgumentError} when the schedule gives no number from 0 on; nothing is updated then.
   */
  get learningRate(): number {
    return this.#core.learningRate;
  }

  set learningRate(rate: LearningRate) {
    this.#core.learningRate = rate;
  }

  /** Whether the learning rate follows a schedule. */
  get hasSchedule(): boolean {
    return this.#core.hasSchedule;
  }

  /**
   * The loss times the loss scale: what `applyGradients` wants gradients of, where losses are scaled. Without
   * `lossScaleFactor` and `lossScaleOptimizer` it is the loss itself.
   *
   * Counterpart of Keras's `scale_loss`.
   *
   * @throws {ArgumentError} when the loss is no tensor.
   */
  scaleLoss(loss: Tensor): Tensor {
    this.#requireAlive();
    if (!(loss instanceof Tensor)) {
      throw new ArgumentError(
        `${this.name}.scaleLoss: received ${describeValue(loss)}. Expected a tensor.`,
      );
    }
    const scaled = this.#lossScale.scaled(loss.value);
    return scaled === loss.value ? loss : Tensor.of(scaled);
  }

  /** By what losses are multiplied now: what `lossScaleOptimizer` has come to, or `lossScaleFactor`. */
  lossScale(): Promise<number> {
    return this.#lossScale.read();
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
      const { scaled, loss } = this.#scaling(f);
      const { variables, gradients } = gradientsByVariable(scaled, varList);
      // What the loss does not depend on stays as it is, its momentum and decay included.
      const reached = variables.filter((_, i) => gradients[i]);
      const found = gradients.flatMap((gradient) => (gradient ? [gradient.value] : []));
      this.record(reached, found, { loss: loss().value });
      return returnCost ? loss() : null;
    });
  }

  /**
   * The loss and its gradients by variable name, without a step. Counterpart of `tf.variableGrads`. The gradients are
   * such as `applyGradients` takes: where losses are scaled, they are those of the scaled loss.
   *
   * @param f Gives the loss, a scalar.
   * @param varList As in `minimize`.
   */
  computeGradients(
    f: () => Tensor,
    varList?: Variable | readonly Variable[],
  ): { value: Tensor; grads: Record<string, Tensor> } {
    this.#requireAlive();
    const { scaled, loss } = this.#scaling(f);
    const { grads } = variableGrads(scaled, varList);
    Tensor.group([loss(), ...Object.values(grads)]);
    return { value: loss(), grads };
  }

  /**
   * Takes one step along these gradients. Where losses are scaled, they have to be those of `scaleLoss(loss)`.
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
    scope(this.name, () => {
      const { variables, gradients } = matchGradients(`${this.name}.applyGradients`, grads);
      this.record(variables, gradients);
    });
  }

  /**
   * @internal Makes what is kept for these variables, and moves both into arenas, unless that was done before.
   */
  build(variables: readonly Variable[]): void {
    checkTrainable(this.name, variables);
    this.#core.state.build(variables);
  }

  /** @internal Records a step: check, update of weights and slots. For use inside a scope. */
  record(
    variables: readonly Variable[],
    gradients: readonly Value[],
    { loss, isSticky = () => false }: RecordOptions = {},
  ): Verdict {
    this.build(variables);
    const { rule, settings, state } = this.#core;
    const { slots, fault, count } = state;
    const clock = new UpdateClock(() => this.#core.nextStep());
    const step = { rule, settings, variables, gradients, slots, fault, count, isSticky, clock };
    return recordUpdate({ ...step, loss: loss ?? null, lossScale: this.#lossScale });
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
    scope(`${this.name}/finalize`, () => this.#core.state.takeAverages(list));
  }

  /**
   * How many updates were refused because a gradient or the loss was not finite; `fit` begins to count anew. One that
   * only made the scale of `lossScaleOptimizer` smaller does not count.
   */
  async refusedUpdates(): Promise<number> {
    return this.#core.state.refused();
  }

  /** @internal Lets updates be accepted again after a sticky refusal. */
  clearFault(): void {
    this.#core.state.clearFault();
  }

  /** @internal Frees what is kept for variables that end. */
  forget(variables: readonly Variable[]): void {
    const { state } = this.#core;
    state.forget(variables);
    if (state.slots.variables.length === 0) this.#lossScale.end();
  }

  /**
   * What training that goes on needs besides the weights, to the bit: the number of steps (`iter`), all that is kept
   * for the weights, by name, how far an accumulation of gradients has come (`accumulated_steps`), and where a loss
   * scale stands (`dynamic_scale`, `step_counter`).
   */
  async getWeights(): Promise<NamedTensor[]> {
    const { state, steps } = this.#core;
    const parts = await Promise.all([state.read(steps), this.#lossScale.save()]);
    return parts.flat();
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
    const { rest, set } = this.#lossScale.find(weights);
    this.#core.steps = this.#core.state.restore(rest, this.#core.steps);
    set();
  }

  /** The name of the class in saved models: `"Adam"`, `"SGD"`, `"RMSProp"`, … */
  getClassName(): string {
    return this.#core.rule.className;
  }

  /**
   * The settings as plain data, as `compile` takes them.
   * @throws {ArgumentError} when the learning rate is a function that has no such form.
   */
  getConfig(): Record<string, unknown> {
    return this.#core.config();
  }

  /** Frees what is kept for the weights; the weights stay. */
  dispose(): void {
    this.#core.isDisposed = true;
    this.#core.state.dispose();
    this.#lossScale.end();
  }

  /** `f`, with its loss scaled; and the loss as it was, once that was called. */
  #scaling(f: () => Tensor): { scaled: () => Tensor; loss: () => Tensor } {
    checkFunction(f, this.name);
    let kept: Tensor | null = null;
    return {
      scaled: () => {
        kept = f();
        return kept instanceof Tensor ? this.scaleLoss(kept) : kept;
      },
      loss: () => {
        if (kept === null) throw new RangeError(`${this.name}: there is no loss yet`);
        return kept;
      },
    };
  }

  #requireAlive(): void {
    if (!this.#core.isDisposed) return;
    throw new DisposedError(`${this.name}: the optimizer was disposed. Make a new one.`);
  }
}
