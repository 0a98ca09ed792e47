import { getConstraint, serializeConstraint } from "../constraints/resolve.ts";
import { getInitializer, type Initializer, serializeInitializer } from "../initializers/index.ts";
import type { RecurrentAttributes } from "../ops/ops.ts";
import { getRegularizer, serializeRegularizer } from "../regularizers/resolve.ts";
import { mul, type Tensor } from "../tensor/index.ts";
import { activationName, getActivation } from "./activation-names.ts";
import { type ActivationFunction, relu, sigmoid, tanh } from "./activations.ts";
import { dropoutRate, positiveInteger } from "./arguments.ts";
import { DropoutKeys, dropoutMask } from "./dropout-mask.ts";
import { knownDim, type LayerShapes, shapeList } from "./layer-shape.ts";
import type { ConfigDict, OutputCount } from "./layer-types.ts";
import { Recurrence, type RecurrenceOptions } from "./recurrence.ts";
import type { GatedConfig, States } from "./recurrent-config.ts";
import {
  type CellStep,
  type RecurrentRun,
  runFused,
  runUnrolled,
  type Sequences,
} from "./recurrent-run.ts";

/** A run, and what each of its steps computes. */
export interface RecurrentEquations extends RecurrentRun {
  readonly step: CellStep;
  readonly activation: ActivationFunction;
  readonly recurrentActivation: ActivationFunction;
}

/** What sets one kind of recurrent layer apart. */
export interface CellKind {
  readonly cell: RecurrentAttributes["cell"];
  /** Number of gates, G: the kernels have G blocks of H columns. */
  readonly gates: number;
  /** Names of the states, in order. */
  readonly states: readonly string[];
  /** GRU: the reset gate works on the recurrent product, which has a bias of its own. */
  readonly resetAfter: boolean;
  readonly step: CellStep;
}

/**
 * What SimpleRNN, LSTM and GRU have in common: weights and dropout. The numbers come from the fused
 * recurrent op, or from a loop of plain operations where that op does not know an activation or the
 * dropout of the state.
 */
export abstract class RecurrentLayer<Count extends OutputCount = "one"> extends Recurrence<Count> {
  readonly units: number;
  readonly useBias: boolean;
  readonly dropout: number;
  readonly recurrentDropout: number;
  protected readonly kind: CellKind;
  protected readonly recurrentActivation: ActivationFunction;
  readonly #activation: ActivationFunction;
  readonly #initializers: Readonly<Record<"kernel" | "recurrent" | "bias", Initializer>>;
  readonly #regularizers;
  readonly #constraints;
  readonly #seed: number | undefined;
  readonly #keys: DropoutKeys;

  constructor(config: GatedConfig, kind: CellKind) {
    super(config);
    this.kind = kind;
    this.units = positiveInteger(config.units, `${this.name}: units`);
    this.useBias = config.useBias ?? true;
    this.dropout = dropoutRate(config.dropout ?? 0, `${this.name}: dropout`);
    this.recurrentDropout = dropoutRate(
      config.recurrentDropout ?? 0,
      `${this.name}: recurrentDropout`,
    );
    this.#activation = getActivation(config.activation === undefined ? "tanh" : config.activation);
    this.recurrentActivation = getActivation(
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
    this.#seed = config.seed;
    this.#keys = new DropoutKeys(config.seed);
  }

  protected override get outputSize(): number {
    return this.units;
  }

  protected override get stateSizes(): readonly number[] {
    return this.kind.states.map(() => this.units);
  }

  protected override get stateNames(): readonly string[] {
    return this.kind.states;
  }

  override build(inputShape: LayerShapes): void {
    const [shape = []] = shapeList(inputShape);
    const features = knownDim(shape, -1, this.name); // I
    const width = this.kind.gates * this.units; // G*H
    this.#addWeight("kernel", "kernel", [features, width]);
    this.#addWeight("recurrent_kernel", "recurrent", [this.units, width]);
    if (this.useBias) {
      this.#addWeight("bias", "bias", this.kind.resetAfter ? [2, width] : [width]);
    }
    super.build(inputShape);
  }

  #addWeight(name: string, role: "kernel" | "recurrent" | "bias", shape: readonly number[]): void {
    const own = this.#initializers[role];
    const first = role === "bias" ? this.firstBias(own) : own;
    const [penalty, constraint] = [this.#regularizers[role], this.#constraints[role]];
    this.addWeight(name, shape, "float32", first, penalty, true, constraint);
  }

  /** What fills the bias at first. */
  protected firstBias(initializer: Initializer): Initializer {
    return initializer;
  }

  protected override run(
    x: Tensor,
    { mask, initialStates, training }: RecurrenceOptions,
  ): Sequences {
    const [batch = 1, , features = 1] = x.shape;
    const dropped =
      training && this.dropout > 0
        ? mul(x, dropoutMask([batch, 1, features], this.dropout, this.#keys))
        : x;
    const hides = training && this.recurrentDropout > 0;
    const run = this.#describe(dropped, mask, initialStates);
    if (!hides && this.#isFused()) return runFused(run);
    const stateShape = [batch, this.units];
    const gates = Array.from({ length: this.kind.gates });
    return runUnrolled(run, {
      step: this.kind.step,
      activation: this.#activation,
      recurrentActivation: this.recurrentActivation,
      recurrentMasks: hides
        ? gates.map(() => dropoutMask(stateShape, this.recurrentDropout, this.#keys))
        : null,
      initialStates: initialStates ?? this.initialStates(batch),
    });
  }

  /** @internal One run in the terms of its equations, for who looks inside. */
  equations(x: Tensor): RecurrentEquations {
    const [activation, { recurrentActivation }] = [this.#activation, this];
    return {
      ...this.#describe(x, null, null),
      step: this.kind.step,
      activation,
      recurrentActivation,
    };
  }

  #describe(x: Tensor, mask: Tensor | null, initialStates: States | null): RecurrentRun {
    const { cell, gates, resetAfter } = this.kind;
    const bias = this.useBias ? this.weight("bias") : null;
    const [inputBias, recurrentBias] = bias && resetAfter ? rows(bias) : [bias, null];
    return {
      attributes: {
        cell,
        activation: this.#activation === relu ? "relu" : "tanh",
        resetAfter,
        reverse: this.goBackwards,
      },
      units: this.units,
      gates,
      x,
      kernel: this.weight("kernel"),
      recurrentKernel: this.weight("recurrent_kernel"),
      bias: inputBias ?? null,
      recurrentBias: recurrentBias ?? null,
      initialStates,
      mask,
    };
  }

  /** Whether the fused op knows the activations. */
  #isFused(): boolean {
    if (this.kind.cell === "simpleRNN") {
      return this.#activation === tanh || this.#activation === relu;
    }
    return this.#activation === tanh && this.recurrentActivation === sigmoid;
  }

  override getConfig(): ConfigDict {
    const { kernel, recurrent, bias } = this.#initializers;
    return {
      ...super.getConfig(),
      units: this.units,
      activation: activationName(this.#activation),
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
      ...(this.#seed === undefined ? {} : { seed: this.#seed }),
    };
  }
}

/** Both rows of [2, G·H]: for x·kernel and for h·recurrentKernel. */
function rows(bias: Tensor): [Tensor, Tensor] {
  const width = bias.shape[1] ?? 1;
  const row = (index: number): Tensor => bias.slice([index, 0], [1, width]).reshape([width]);
  return [row(0), row(1)];
}
