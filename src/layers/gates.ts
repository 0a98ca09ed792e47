import { getConstraint, serializeConstraint } from "../constraints/resolve.ts";
import { ArgumentError } from "../errors.ts";
import { getInitializer, type Initializer, serializeInitializer } from "../initializers/index.ts";
import { describeValue } from "../names/describe.ts";
import { wholeNumber } from "../names/whole-number.ts";
import type { RecurrentAttributes } from "../ops/ops.ts";
import { getRegularizer, serializeRegularizer } from "../regularizers/resolve.ts";
import { clipByValue, expandDims, mul, type Tensor } from "../tensor/index.ts";
import { activationName, getActivation } from "./activation-names.ts";
import { type ActivationFunction, relu, sigmoid, tanh } from "./activations.ts";
import { dropoutRate } from "./arguments.ts";
import { DropoutKeys, dropoutMask } from "./dropout-mask.ts";
import type { ConfigDict } from "./layer-types.ts";
import type { States } from "./recurrent-config.ts";
import type { CellStep, RecurrentRun, StepContext } from "./recurrent-run.ts";
import type { GatedStepConfig } from "./step-config.ts";
import type { WeightOwner } from "./weight-owner.ts";

/** What a step works on, with the weights that only some kinds have. */
export interface GateContext extends StepContext {
  readonly weight: (name: string) => Tensor;
}

/** A weight beside kernel, recurrent kernel and bias. */
export interface MoreWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly initializer: Initializer;
}

/** What sets SimpleRNN, LSTM and GRU apart from each other. */
export interface CellKind {
  readonly cell: RecurrentAttributes["cell"];
  /** Number of gates, G: the kernels have G blocks of H columns. */
  readonly gates: number;
  /** Names of the states, in order. */
  readonly states: readonly string[];
  /** Size of each state for H units; the first one is that of the output. */
  readonly stateSizes: (units: number) => readonly number[];
  /** GRU: the reset gate works on the recurrent product, which has a bias of its own. */
  readonly resetAfter: boolean;
  /** Whether the fused op has these equations, activations aside. */
  readonly isFused: boolean;
  readonly step: (context: GateContext) => States;
  readonly moreWeights?: (units: number) => readonly MoreWeight[];
  /** What fills the bias at first. */
  readonly firstBias?: (initializer: Initializer) => Initializer;
  /** What the kind adds to the config. */
  readonly config: ConfigDict;
}

/** What dropout lets through during one sequence; null: everything. */
export interface SequenceMasks {
  /** [B, I]: one for all gates, or one for each. */
  readonly input: readonly Tensor[] | null;
  /** [B, H], one for each gate. */
  readonly recurrent: readonly Tensor[] | null;
}

/** What a run over a sequence [B, T, I] is told beside it. */
export interface GatesRunOptions {
  readonly masks: SequenceMasks;
  readonly mask: Tensor | null;
  readonly initialStates: States | null;
  readonly reverse: boolean;
}

/** The gates of SimpleRNN, LSTM or GRU: weights, activations and dropout of a layer, or of a cell. */
export class Gates {
  readonly kind: CellKind;
  readonly units: number;
  readonly useBias: boolean;
  readonly dropout: number;
  readonly recurrentDropout: number;
  readonly clip: number | null;
  readonly #owner: WeightOwner;
  readonly #activation: ActivationFunction;
  readonly #recurrentActivation: ActivationFunction;
  readonly #hasGateMasks: boolean;
  readonly #initializers: Readonly<Record<"kernel" | "recurrent" | "bias", Initializer>>;
  readonly #regularizers;
  readonly #constraints;
  readonly #given: Pick<GatedStepConfig, "seed" | "implementation">;
  readonly #keys: DropoutKeys;

  /** @param owner Layer or cell that the weights are made in. */
  constructor(owner: WeightOwner, config: GatedStepConfig, kind: CellKind) {
    const { name } = owner;
    this.#owner = owner;
    this.kind = kind;
    this.units = wholeNumber(config.units, `${name}: units`);
    this.useBias = config.useBias ?? true;
    this.dropout = dropoutRate(config.dropout ?? 0, `${name}: dropout`);
    this.recurrentDropout = dropoutRate(config.recurrentDropout ?? 0, `${name}: recurrentDropout`);
    this.clip = positiveBound(config.clip, `${name}: clip`);
    this.#hasGateMasks = this.recurrentDropout > 0 || config.implementation === 1;
    this.#activation = getActivation(config.activation === undefined ? "tanh" : config.activation);
    this.#recurrentActivation = getActivation(
      config.recurrentActivation === undefined ? "sigmoid" : config.recurrentActivation,
    );
    this.#initializers = {
      kernel: getInitializer(config.kernelInitializer ?? "glorotUniform"),
      recurrent: getInitializer(config.recurrentInitializer ?? "orthogonal"),
      bias: getInitializer(config.biasInitializer ?? "zeros"),
    };
    this.#regularizers = {
      kernel: getRegularizer(config.kernelRegularizer),
      recurrent: getRegularizer(config.recurrentRegularizer),
      bias: getRegularizer(config.biasRegularizer),
    };
    this.#constraints = {
      kernel: getConstraint(config.kernelConstraint),
      recurrent: getConstraint(config.recurrentConstraint),
      bias: getConstraint(config.biasConstraint),
    };
    this.#given = { seed: config.seed, implementation: implementationOf(name, config) };
    this.#keys = new DropoutKeys(config.seed);
  }

  /** Size of each state; the output has that of the first. */
  get stateSizes(): readonly number[] {
    return this.kind.stateSizes(this.units);
  }

  get outputSize(): number {
    return this.stateSizes[0] ?? this.units;
  }

  /** Makes the weights for inputs of so many features, I. */
  build(features: number): void {
    const width = this.kind.gates * this.units; // G*H
    this.#addWeight("kernel", "kernel", [features, width]);
    this.#addWeight("recurrent_kernel", "recurrent", [this.outputSize, width]);
    if (this.useBias) {
      this.#addWeight("bias", "bias", this.kind.resetAfter ? [2, width] : [width]);
    }
    for (const { name, shape, initializer } of this.kind.moreWeights?.(this.units) ?? []) {
      this.#owner.addWeight(name, shape, "float32", initializer);
    }
  }

  #addWeight(name: string, role: "kernel" | "recurrent" | "bias", shape: readonly number[]): void {
    const own = this.#initializers[role];
    const first = role === "bias" ? (this.kind.firstBias?.(own) ?? own) : own;
    const [penalty, constraint] = [this.#regularizers[role], this.#constraints[role]];
    this.#owner.addWeight(name, shape, "float32", first, penalty, true, constraint);
  }

  /** Draws what dropout hides during one sequence. */
  masks(batch: number, features: number, training: boolean): SequenceMasks {
    const gates = Array.from({ length: this.kind.gates });
    const draw = (count: number, rate: number, size: number): Tensor[] | null =>
      training && rate > 0
        ? Array.from({ length: count }, () => dropoutMask([batch, size], rate, this.#keys))
        : null;
    return {
      input: draw(this.#hasGateMasks ? gates.length : 1, this.dropout, features),
      recurrent: draw(gates.length, this.recurrentDropout, this.outputSize),
    };
  }

  /** What the recurrent op is told beside tensors. */
  attributes(reverse: boolean): RecurrentAttributes {
    const { cell, resetAfter } = this.kind;
    const activation = this.#activation === relu ? "relu" : "tanh";
    return { cell, activation, resetAfter, reverse };
  }

  /** All that the run over a sequence [B, T, I] needs. */
  describe(x: Tensor, { masks, mask, initialStates, reverse }: GatesRunOptions): RecurrentRun {
    const { gates, resetAfter } = this.kind;
    const bias = this.useBias ? this.#owner.weight("bias") : null;
    const [inputBias, recurrentBias] = bias && resetAfter ? rows(bias) : [bias, null];
    const [dropped, ...others] = masks.input?.map((one) => mul(x, expandDims(one, 1))) ?? [x];
    return {
      attributes: this.attributes(reverse),
      units: this.units,
      gates,
      x: dropped ?? x,
      gateInputs: dropped !== undefined && others.length > 0 ? [dropped, ...others] : null,
      kernel: this.#owner.weight("kernel"),
      recurrentKernel: this.#owner.weight("recurrent_kernel"),
      bias: inputBias ?? null,
      recurrentBias: recurrentBias ?? null,
      initialStates,
      mask,
    };
  }

  /** Whether the fused op has these equations and knows the activations. */
  isFused(masks: SequenceMasks): boolean {
    if (!this.kind.isFused || this.clip !== null || masks.recurrent !== null) return false;
    if (this.kind.cell === "simpleRNN") {
      return this.#activation === tanh || this.#activation === relu;
    }
    return this.#activation === tanh && this.#recurrentActivation === sigmoid;
  }

  /** One step in plain operations, for what the fused op does not know. */
  get step(): CellStep {
    return (context) => this.kind.step({ ...context, weight: (name) => this.#owner.weight(name) });
  }

  /** The activations, with `clip` before them. */
  get activations(): Pick<StepContext, "activation" | "recurrentActivation"> {
    return {
      activation: this.#clipped(this.#activation),
      recurrentActivation: this.#clipped(this.#recurrentActivation),
    };
  }

  #clipped(activation: ActivationFunction): ActivationFunction {
    const bound = this.clip;
    return bound === null ? activation : (x) => activation(clipByValue(x, -bound, bound));
  }

  getConfig(): ConfigDict {
    return this.#configWith(activationName);
  }

  /** The config with activations as they are, also functions that have no name. */
  ownConfig(): ConfigDict {
    return this.#configWith((activation) => activation);
  }

  #configWith(describe: (activation: ActivationFunction) => unknown): ConfigDict {
    const { kernel, recurrent, bias } = this.#initializers;
    const { seed, implementation } = this.#given;
    const isGated = this.kind.gates > 1;
    return {
      units: this.units,
      activation: describe(this.#activation),
      ...(isGated ? { recurrentActivation: describe(this.#recurrentActivation) } : {}),
      useBias: this.useBias,
      kernelInitializer: serializeInitializer(kernel),
      recurrentInitializer: serializeInitializer(recurrent),
      biasInitializer: serializeInitializer(bias),
      kernelRegularizer: serializeRegularizer(this.#regularizers.kernel),
      recurrentRegularizer: serializeRegularizer(this.#regularizers.recurrent),
      biasRegularizer: serializeRegularizer(this.#regularizers.bias),
      kernelConstraint: serializeConstraint(this.#constraints.kernel),
      recurrentConstraint: serializeConstraint(this.#constraints.recurrent),
      biasConstraint: serializeConstraint(this.#constraints.bias),
      dropout: this.dropout,
      recurrentDropout: this.recurrentDropout,
      ...(seed === undefined ? {} : { seed }),
      ...(implementation === undefined ? {} : { implementation }),
      ...(this.clip === null ? {} : { clip: this.clip }),
      ...this.kind.config,
    };
  }
}

/**
 * A bound that may be absent.
 * @throws {ArgumentError} when it is not above 0.
 */
export function positiveBound(value: number | null | undefined, what: string): number | null {
  if (value === undefined || value === null) return null;
  if (value > 0) return value;
  throw new ArgumentError(`${what} is ${value}. Expected a number above 0, or null for none.`, {
    details: { value },
  });
}

/** @throws {ArgumentError} for what Keras does not have. */
function implementationOf(owner: string, { implementation }: GatedStepConfig): number | undefined {
  if (implementation === undefined || implementation === null) return undefined;
  if (implementation === 1 || implementation === 2) return implementation;
  throw new ArgumentError(
    `${owner}: received ${describeValue(implementation)} as implementation. Expected 1 or 2.`,
  );
}

/** Both rows of [2, G·H]: for x·kernel and for h·recurrentKernel. */
function rows(bias: Tensor): [Tensor, Tensor] {
  const width = bias.shape[1] ?? 1;
  const row = (index: number): Tensor => bias.slice([index, 0], [1, width]).reshape([width]);
  return [row(0), row(1)];
}
