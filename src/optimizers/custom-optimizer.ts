import { ArgumentError } from "../errors.ts";
import { describeValue } from "../names/describe.ts";
import { Tensor } from "../tensor/index.ts";
import { checkShape } from "./check-setting.ts";
import { Optimizer } from "./optimizer.ts";
import { checkSharedSettings, type OptimizerConfig } from "./optimizer-config.ts";
import type { OperationsRule, UpdatedWeight, WeightUpdate } from "./update-rule.ts";

/** What an update knows besides the weight and its gradient. */
export interface UpdateContext<Slot extends string = never> {
  /** What is kept for this weight, of its shape; zeros at first. */
  readonly slots: Readonly<Record<Slot, Tensor>>;
  /** Size of this step, a scalar. */
  readonly learningRate: Tensor;
  /** Number of this update, a scalar: 1 for the first. */
  readonly step: Tensor;
}

/** What an update gives: the new weight, with the new contents of the slots where there are any. */
export type UpdateResult<Slot extends string = never> =
  | Tensor
  | { readonly parameter: Tensor; readonly slots: Readonly<Partial<Record<Slot, Tensor>>> };

/**
 * An optimizer of your own: a class with an `update` in tensor operations, which is recorded once for each weight.
 * Rate and step are tensors because they change while the recording stays.
 *
 * All that {@link Optimizer} says of every optimizer holds for it: the gradient that comes is clipped and accumulated,
 * the weight has decayed, and what an update makes of a gradient that is not finite is refused. Squares of gradients
 * beyond ±1.8e19 are no float32.
 *
 * To be saved, the class takes its config in the constructor, gives it back in `getConfig`, and is made known by
 * `serialization.registerClass`.
 *
 * @example
 * class Heavy extends sl.train.CustomOptimizer<"speed"> {
 *   static override readonly className = "Heavy";
 *   static override readonly slots = ["speed"];
 *   override update(p: sl.Tensor, g: sl.Tensor, { slots, learningRate }: sl.train.UpdateContext<"speed">) {
 *     const speed = slots.speed.mul(0.9).add(g);
 *     return { parameter: p.sub(speed.mul(learningRate)), slots: { speed } };
 *   }
 * }
 * sl.serialization.registerClass(Heavy);
 * const x = sl.variable(sl.tensor1d([3]));
 * const optimizer = new Heavy({ learningRate: 0.25 });
 * optimizer.minimize(() => x.square().sum());
 * console.log(await x.data()); // Float32Array [ 1.5 ]
 */
export abstract class CustomOptimizer<Slot extends string = never> extends Optimizer {
  /** Name of the class in saved models; each class has its own. */
  static readonly className: string = "CustomOptimizer";
  /** Names of the tensors that are kept for each weight. Default: none. */
  static readonly slots: readonly string[] = [];

  /** @param config What all optimizers share; settings of your own may be among them, and are yours to read. */
  constructor(config: OptimizerConfig = {}) {
    const { className, slots } = new.target;
    checkSharedSettings(className, config);
    let self: CustomOptimizer<Slot> | null = null;
    const rule: OperationsRule = {
      form: "operations",
      kind: className,
      className,
      slots: slots.map((name) => ({ name })),
      config: {},
      numbers: () => ({}),
      update: (weight) => runUpdate(self as unknown as CustomOptimizer<string>, weight),
    };
    super(rule, config);
    self = this;
  }

  /**
   * What becomes of a weight.
   * @param parameter The weight, less its decay.
   * @param gradient Of the loss with respect to it, clipped; of the same shape.
   * @param context Rate, number of the update, slots.
   * @returns The new weight, or `{ parameter, slots }`.
   */
  abstract update(
    parameter: Tensor,
    gradient: Tensor,
    context: UpdateContext<Slot>,
  ): UpdateResult<Slot>;
}

function runUpdate(optimizer: CustomOptimizer<string>, weight: WeightUpdate): UpdatedWeight {
  const { parameter, gradient, slots, number } = weight;
  const label = `${optimizer.name}.update`;
  const given = optimizer.update(Tensor.of(parameter), Tensor.of(gradient), {
    slots: mapValues(slots, Tensor.of),
    learningRate: Tensor.of(number("learningRate")),
    step: Tensor.of(number("update")),
  });
  if (given instanceof Tensor) return updated(label, { parameter: given, slots: {} }, weight);
  if (typeof given === "object" && given !== null) {
    return updated(label, given as { parameter: Tensor; slots?: Record<string, Tensor> }, weight);
  }
  throw new ArgumentError(
    `${label}: gave ${describeValue(given)}. Expected the new weight, a tensor, or { parameter, slots }.`,
  );
}

function updated(
  label: string,
  { parameter, slots = {} }: { parameter: Tensor; slots?: Readonly<Record<string, Tensor>> },
  weight: WeightUpdate,
): UpdatedWeight {
  checkShape(label, parameter, weight.parameter.shape);
  for (const [name, slot] of Object.entries(slots)) {
    const old = weight.slots[name];
    if (old === undefined) {
      throw new ArgumentError(
        `${label}: there is no slot ${name}. Expected some of [${Object.keys(weight.slots).join(", ")}], the names in ` +
          "the static slots of the class.",
      );
    }
    checkShape(`${label}: slot ${name}`, slot, old.shape);
  }
  return { parameter: parameter.value, slots: mapValues(slots, (slot) => slot.value) };
}

function mapValues<From, To>(
  record: Readonly<Record<string, From>>,
  map: (one: From) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([key, one]) => [key, map(one)]));
}
