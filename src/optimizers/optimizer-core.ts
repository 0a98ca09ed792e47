import { checkSetting } from "./check-setting.ts";
import {
  changedSettings,
  type OptimizerConfig,
  type SharedSettings,
  sharedSettings,
} from "./optimizer-config.ts";
import { OptimizerState } from "./optimizer-state.ts";
import { type LearningRate, resolveRate } from "./resolve-schedule.ts";
import { type LearningRateSchedule, serializeRate } from "./schedule.ts";
import type { UpdateRule } from "./update-rule.ts";

/**
 * Rule, settings, rate and state of an optimizer, and how far it has come. An optimizer that scales losses and the one
 * that it was made of have the same.
 */
export class OptimizerCore {
  readonly name: string;
  readonly rule: UpdateRule;
  readonly settings: SharedSettings;
  readonly state: OptimizerState;
  /** Steps enqueued so far, those that only accumulate among them. */
  steps = 0;
  isDisposed = false;
  #learningRate: number | LearningRateSchedule;

  constructor(rule: UpdateRule, config: OptimizerConfig) {
    const label = rule.kind;
    this.rule = rule;
    this.settings = sharedSettings(label, config);
    this.name = config.name ?? label;
    this.state = new OptimizerState(this.name, rule, this.settings);
    this.#learningRate = resolveRate(label, config.learningRate ?? 0.001);
  }

  /** Updates enqueued so far. */
  get iterations(): number {
    return Math.floor(this.steps / this.settings.gradientAccumulationSteps);
  }

  /** The rate of the next step. */
  get learningRate(): number {
    const rate = this.#learningRate;
    if (typeof rate === "number") return rate;
    const label = `${this.name}: the schedule's rate for batch ${this.steps}`;
    return checkSetting(label, rate(this.steps), { from: 0 });
  }

  set learningRate(rate: LearningRate) {
    this.#learningRate = resolveRate(this.name, rate);
  }

  get hasSchedule(): boolean {
    return typeof this.#learningRate === "function";
  }

  /** The settings as plain data. */
  config(): Record<string, unknown> {
    const { kind, config } = this.rule;
    return {
      kind,
      learningRate: serializeRate(this.name, this.#learningRate),
      ...config,
      ...changedSettings(this.settings),
      ...(this.name === kind ? {} : { name: this.name }),
    };
  }

  /** Counts a step and gives its numbers; runs once for each run of a plan. */
  nextStep(): Record<string, number> {
    const { globalClipnorm, clipvalue, weightDecay, emaMomentum } = this.settings;
    const { gradientAccumulationSteps, emaOverwriteFrequency } = this.settings;
    const { learningRate } = this;
    const update = this.iterations + 1;
    const step = this.steps++;
    const isDue = this.steps % gradientAccumulationSteps === 0;
    const overwrites = isDue && emaOverwriteFrequency > 0 && update % emaOverwriteFrequency === 0;
    return {
      learningRate,
      step,
      update,
      globalClipnorm,
      clipvalue,
      decay: learningRate * weightDecay,
      due: isDue ? 1 : 0,
      averageShare: update === 1 ? 1 : 1 - emaMomentum,
      overwrites: overwrites ? 1 : 0,
      ...this.rule.numbers(update, learningRate),
    };
  }
}
