import { HostScalar } from "../graph/host-scalar.ts";
import type { Value } from "../graph/node.ts";
import { LOSS_SCALE_BOUNDS } from "../kernels/gradient-check.ts";
import { wholeNumber } from "../names/whole-number.ts";
import { ops } from "../ops/index.ts";
import { type Tensor, tensor, type Variable, variable } from "../tensor/index.ts";
import { checkSetting } from "./check-setting.ts";
import type { FollowedScale, FoundScale, LossScale } from "./loss-scale.ts";
import type { NamedData, NamedTensor } from "./named-tensor.ts";

/** Settings of a loss scale that follows the gradients. */
export interface DynamicScaleSettings {
  readonly initialScale: number;
  readonly dynamicGrowthSteps: number;
}

/** A scale and how many good steps it has seen in a row. */
interface Standing {
  readonly scale: number;
  readonly steps: number;
}

/**
 * A loss scale that lies on the GPU and follows the gradients: the check halves it when one is not finite, and doubles
 * it after so many good steps (shaders/lib/loss_scale_dynamic.wgsl). So a step needs no readback.
 */
export class DynamicLossScale implements LossScale {
  readonly #name: string;
  readonly #growthSteps: HostScalar;
  readonly #first: Standing;
  /** What the variable begins with, when it is made. */
  #standing: Standing;
  #state: Variable | null = null; // [4]: scale, 1 / scale, good steps, 0

  /**
   * @param label Begins the message of an error.
   * @param name Prefix of what is saved.
   * @throws {ArgumentError} for settings that are out of bounds.
   */
  constructor(
    label: string,
    name: string,
    { initialScale, dynamicGrowthSteps }: DynamicScaleSettings,
  ) {
    checkSetting(`${label}: initialScale`, initialScale, LOSS_SCALE_BOUNDS);
    wholeNumber(dynamicGrowthSteps, `${label}: dynamicGrowthSteps`);
    // Good steps are counted in a float32.
    checkSetting(`${label}: dynamicGrowthSteps`, dynamicGrowthSteps, { from: 1, to: 2 ** 24 });
    this.#name = name;
    this.#growthSteps = HostScalar.of(dynamicGrowthSteps, "int32");
    this.#first = { scale: initialScale, steps: 0 };
    this.#standing = this.#first;
  }

  get followed(): FollowedScale {
    this.#state ??= variable(contents(this.#standing), false, `${this.#name}/loss_scale`);
    return { state: this.#state, growthSteps: this.#growthSteps };
  }

  scaled(loss: Value): Value {
    return ops.mul(loss, this.#at(0));
  }

  unscaled(gradients: readonly Value[]): readonly Value[] {
    const inverse = this.#at(1);
    return gradients.map((gradient) => ops.mul(gradient, inverse));
  }

  async read(): Promise<number> {
    return (await this.#read()).scale;
  }

  async save(): Promise<NamedTensor[]> {
    const { scale, steps } = await this.#read();
    return [
      { name: this.#scaleName, tensor: tensor([scale], []) },
      { name: this.#stepsName, tensor: tensor([steps], []) },
    ];
  }

  find(weights: readonly NamedData[]): FoundScale {
    const numberOf = (name: string): number | undefined =>
      weights.find((one) => one.name === name)?.data[0];
    const [scale, steps = 0] = [numberOf(this.#scaleName), numberOf(this.#stepsName)];
    wholeNumber(steps, `setWeights: ${this.#stepsName}`, 0);
    if (scale !== undefined) {
      checkSetting(`setWeights: ${this.#scaleName}`, scale, LOSS_SCALE_BOUNDS);
    }
    const own = [this.#scaleName, this.#stepsName];
    return {
      rest: weights.filter(({ name }) => !own.includes(name)),
      set: () => {
        if (scale !== undefined) this.#set({ scale, steps });
      },
    };
  }

  end(): void {
    // What was set waits for the variable.
    if (this.#state === null) return;
    this.#state.dispose();
    this.#state = null;
    this.#standing = this.#first;
  }

  get #scaleName(): string {
    return `${this.#name}/dynamic_scale`;
  }

  get #stepsName(): string {
    return `${this.#name}/step_counter`;
  }

  /** A number of the state, a scalar, as this step finds it. */
  #at(index: number): Value {
    return ops.reshape(ops.slice(this.followed.state.value, [index], [1]), []);
  }

  #set(standing: Standing): void {
    this.#standing = standing;
    this.#state?.assign(contents(standing));
  }

  async #read(): Promise<Standing> {
    if (this.#state === null) return this.#standing;
    const [scale = 1, , steps = 0] = await this.#state.data();
    return { scale, steps };
  }
}

function contents({ scale, steps }: Standing): Tensor {
  return tensor([scale, 1 / scale, steps, 0]);
}
