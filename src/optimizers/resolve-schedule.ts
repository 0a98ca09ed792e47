import { checkKeys } from "../names/check-keys.ts";
import { deserializeAs, type Serialized } from "../names/class-registry.ts";
import { checkSetting } from "./check-setting.ts";
import { CosineDecay, CosineDecayRestarts } from "./cosine-decay.ts";
import { PiecewiseConstantDecay } from "./piecewise-constant.ts";
import { PolynomialDecay } from "./polynomial-decay.ts";
import { ExponentialDecay, InverseTimeDecay } from "./rate-decay.ts";
import { type LearningRateSchedule, Schedule } from "./schedule.ts";

/** A learning rate as configs take it: a number, a function, or what `getConfig()` of a schedule's optimizer gave. */
export type LearningRate = number | LearningRateSchedule | Serialized;

interface ScheduleClass {
  readonly className: string;
  new (config: never): Schedule;
}

const classes: readonly ScheduleClass[] = [
  CosineDecay,
  CosineDecayRestarts,
  ExponentialDecay,
  InverseTimeDecay,
  PiecewiseConstantDecay,
  PolynomialDecay,
];

const names = classes.map(({ className }) => className);

/**
 * The learning rate that a config means.
 * @throws {ArgumentError} for what is neither a number from 0 on nor a function, and for unknown classes.
 */
export function resolveRate(label: string, rate: LearningRate): number | LearningRateSchedule {
  if (typeof rate === "function") return rate;
  if (typeof rate !== "object" || rate === null) {
    return checkSetting(`${label} learningRate`, rate, { from: 0 });
  }
  checkKeys(`${label} learningRate`, rate, { className: "string", config: "any" });
  const known = classes.find((one) => one.className === rate.className);
  if (known !== undefined) return new known(rate.config as never);
  const what = `${label} learningRate`;
  return deserializeAs(rate, { what, base: Schedule, baseName: "train.Schedule", known: names });
}
