import { ArgumentError } from "../errors.ts";
import { type ConfigKeys, checkKeys } from "../names/check-keys.ts";
import { describeValue } from "../names/describe.ts";
import { DynamicLossScale, type DynamicScaleSettings } from "./dynamic-loss-scale.ts";
import { Optimizer } from "./optimizer.ts";
import { withDefaults } from "./with-defaults.ts";

/** Settings of `lossScaleOptimizer`. */
export interface LossScaleConfig {
  /** What losses are multiplied by at first, 1 to 2²⁴. Default 2¹⁵. */
  readonly initialScale?: number | null;
  /** Good steps in a row after which the scale is doubled. Default 2000. */
  readonly dynamicGrowthSteps?: number | null;
}

const keys: ConfigKeys<LossScaleConfig> = { initialScale: "number", dynamicGrowthSteps: "number" };

const defaults: DynamicScaleSettings = { initialScale: 2 ** 15, dynamicGrowthSteps: 2000 };

/** What `train.lossScaleOptimizer` makes: an optimizer that takes its gradients of scaled losses. */
export class LossScaleOptimizer extends Optimizer {
  /** The name of the class in saved models. */
  static readonly className = "LossScaleOptimizer";
  /** The optimizer that was given; it has the same rate, and what is kept for the weights belongs to both. */
  readonly innerOptimizer: Optimizer;
  readonly #settings: DynamicScaleSettings;

  /** @internal Made by `train.lossScaleOptimizer`. */
  constructor(inner: Optimizer, settings: DynamicScaleSettings) {
    super(inner, {}, new DynamicLossScale("train.lossScaleOptimizer", inner.name, settings));
    this.innerOptimizer = inner;
    this.#settings = settings;
  }

  override getClassName(): string {
    return LossScaleOptimizer.className;
  }

  override getConfig(): Record<string, unknown> {
    const { innerOptimizer: inner } = this;
    return {
      kind: "lossScaleOptimizer",
      innerOptimizer: { className: inner.getClassName(), config: inner.getConfig() },
      ...this.#settings,
    };
  }
}

/**
 * An optimizer that multiplies the loss by a scale before it takes gradients, and divides the gradients by it before it
 * uses them: so small gradients do not vanish in half precision. The scale follows the gradients, on the GPU:
 *
 *     a gradient of the scaled loss, or the loss, is not finite    nothing is updated, scale /= 2
 *     dynamicGrowthSteps finite steps in a row                     scale *= 2
 *
 * It stays from 1 to 2²⁴. A step that is not finite though the scale is 1 has diverged, and is refused as without
 * scaling: `refusedUpdates` counts it, `fit` ends. Steps that only made the scale smaller are no faults; `iterations`, and
 * with it schedules and corrections of bias, counts them, for nobody waits to learn of them.
 *
 * `minimize` and `fit` scale by themselves, and losses are reported as they are. `applyGradients` takes gradients of
 * `scaleLoss(loss)`. The scale is a power of two times `initialScale`; of an initial scale that is a power of two,
 * gradients come out to the bit as they were, as long as none is too small or too large for its type.
 *
 * Counterpart of `keras.optimizers.LossScaleOptimizer`, and of `torch.amp.GradScaler` with its default factors.
 * Micikevicius et al. 2018, arXiv:1710.03740.
 *
 * @example
 * const x = sl.variable(sl.tensor1d([3]));
 * const optimizer = sl.train.lossScaleOptimizer(sl.train.sgd(0.25), { initialScale: 1024, dynamicGrowthSteps: 2 });
 * for (let i = 0; i < 2; i++) optimizer.minimize(() => x.square().sum());
 * console.log(await x.data(), await optimizer.lossScale()); // Float32Array [ 0.75 ] 2048
 *
 * @example
 * const { grads } = sl.variableGrads(() => optimizer.scaleLoss(x.square().sum()));
 * optimizer.applyGradients(grads);
 * console.log(await x.data()); // Float32Array [ 0.375 ]
 *
 * @param inner What updates the weights. Set the rate here or there; settings of its own stay as they are.
 * @param config Defaults: `{ initialScale: 2 ** 15, dynamicGrowthSteps: 2000 }`.
 * @throws {ArgumentError} when `inner` is no optimizer, or scales losses already; when a setting is out of bounds.
 */
export function lossScaleOptimizer(
  inner: Optimizer,
  config: LossScaleConfig = {},
): LossScaleOptimizer {
  const label = "train.lossScaleOptimizer";
  if (!(inner instanceof Optimizer)) {
    throw new ArgumentError(
      `${label}: received ${describeValue(inner)}. Expected an optimizer, such as train.adam(0.001).`,
    );
  }
  if (inner instanceof LossScaleOptimizer || inner.lossScaleFactor !== 1) {
    throw new ArgumentError(
      `${label}: received an optimizer that scales losses already. Expected one without ` +
        `${inner instanceof LossScaleOptimizer ? label : "lossScaleFactor"}.`,
    );
  }
  checkKeys(label, config, keys);
  return new LossScaleOptimizer(inner, withDefaults(defaults, config));
}

/**
 * What `compile` makes of an optimizer: one that scales losses where the model computes in float16 (`isHalf`) and nobody
 * turned that off (`autoScaleLoss`). One that scales them already stays as it is.
 */
export function autoScaled(
  optimizer: Optimizer,
  { autoScaleLoss, isHalf }: { readonly autoScaleLoss: boolean; readonly isHalf: boolean },
): Optimizer {
  const isScaled = optimizer instanceof LossScaleOptimizer || optimizer.lossScaleFactor !== 1;
  return autoScaleLoss && isHalf && !isScaled ? lossScaleOptimizer(optimizer) : optimizer;
}
