import { getConstraint, serializeConstraint } from "../constraints/resolve.ts";
import { ShapeError } from "../errors.ts";
import { formatShape, shapesEqual } from "../graph/shape.ts";
import { getInitializer, type Initializer, serializeInitializer } from "../initializers/index.ts";
import type { RecurrentAttributes } from "../ops/ops.ts";
import { getRegularizer, serializeRegularizer } from "../regularizers/resolve.ts";
import {
  cast,
  expandDims,
  mul,
  reverse,
  Tensor,
  type TensorLike,
  type Variable,
  where,
  zeros,
  zerosLike,
} from "../tensor/index.ts";
import { activationName, getActivation } from "./activation-names.ts";
import { type ActivationFunction, relu, sigmoid, tanh } from "./activations.ts";
import { dropoutRate, floatInput, positiveInteger } from "./arguments.ts";
import { DropoutKeys, dropoutMask } from "./dropout-mask.ts";
import { Layer } from "./layer.ts";
import { knownDim, type LayerShape, type LayerShapes, shapeList } from "./layer-shape.ts";
import type { ConfigDict, Mask, OutputCount } from "./layer-types.ts";
import type { GatedConfig, RecurrentCallOptions, States } from "./recurrent-config.ts";
import {
  atTime,
  type CellStep,
  type RecurrentRun,
  runFused,
  runUnrolled,
  type Sequences,
} from "./recurrent-run.ts";
import { checkStates, StateVariables, statesFrom } from "./recurrent-states.ts";
import { asList } from "./symbolic.ts";

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
 * What SimpleRNN, LSTM and GRU have in common: weights, masks, states, dropout, the order of
 * outputs. The numbers come from the fused recurrent op, or from a loop of plain operations where
 * that op does not know an activation or the dropout of the state.
 */
export abstract class RecurrentLayer<Count extends OutputCount = "one"> extends Layer<Count> {
  readonly units: number;
  readonly useBias: boolean;
  readonly returnSequences: boolean;
  readonly returnState: boolean;
  readonly goBackwards: boolean;
  readonly zeroOutputForMask: boolean;
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
  #states: StateVariables | null = null;

  constructor(config: GatedConfig, kind: CellKind) {
    super(config);
    this.kind = kind;
    this.units = positiveInteger(config.units, `${this.name}: units`);
    this.useBias = config.useBias ?? true;
    this.returnSequences = config.returnSequences ?? false;
    this.returnState = config.returnState ?? false;
    this.goBackwards = config.goBackwards ?? false;
    this.stateful = config.stateful ?? false;
    this.zeroOutputForMask = config.zeroOutputForMask ?? false;
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
    this.activityRegularizer = getRegularizer(config.activityRegularizer);
    this.#seed = config.seed;
    this.#keys = new DropoutKeys(config.seed);
    this.supportsMasking = true;
    this.inputSpec = [{ ndim: 3 }];
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
    if (this.stateful) {
      const options = { inputShape: shape, units: this.units };
      this.#states = new StateVariables(this.name, this.kind.states, options);
    }
    this.inputSpec = [{ ndim: 3, axes: { [-1]: features } }];
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

  /** The sequence alone is checked here: states that follow it in the list have their own rule. */
  override ensureBuilt(shapes: LayerShapes): void {
    super.ensureBuilt(shapeList(shapes)[0] ?? []);
  }

  override call(
    inputs: Tensor | readonly Tensor[],
    kwargs: RecurrentCallOptions,
  ): Tensor | Tensor[] {
    const [sequence, ...listed] = asList(inputs);
    const x = floatInput(sequence ?? [], this.name); // [B, T, I]
    const mask = this.#maskOf(kwargs.mask ?? null, x);
    const initialStates = this.#initialStates(x, kwargs.initialState, listed);
    const { output, states } = this.#run(x, {
      mask,
      initialStates,
      training: kwargs.training === true,
    });
    if (this.#states !== null) this.#states.write(states);
    const ordered = this.#order(output, mask); // [B, T, H]
    const time = x.shape[1] ?? 1;
    const result = this.returnSequences ? ordered : atTime(ordered, time - 1);
    return this.returnState ? [result, ...states] : result;
  }

  #run(
    x: Tensor,
    {
      mask,
      initialStates,
      training,
    }: { mask: Tensor | null; initialStates: States | null; training: boolean },
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
      initialStates: initialStates ?? this.kind.states.map(() => zeros(stateShape)),
    });
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

  /**
   * The outputs as they leave the layer: in the order they were computed in, masked ones zero if
   * asked.
   */
  #order(output: Tensor, mask: Tensor | null): Tensor {
    const shown =
      mask !== null && this.zeroOutputForMask
        ? where(expandDims(mask, -1), output, zerosLike(output))
        : output;
    return this.goBackwards ? reverse(shown, 1) : shown;
  }

  #initialStates(
    x: Tensor,
    given: RecurrentCallOptions["initialState"],
    listed: readonly Tensor[],
  ): States | null {
    const [batch = 1] = x.shape;
    const expected = { count: this.kind.states.length, shape: [batch, this.units] };
    const own = statesFrom(this.name, given, expected.count);
    const states = own.length > 0 ? own : listed;
    if (states.length > 0) return checkStates(this.name, states, expected);
    return this.#states?.forBatch(batch) ?? null;
  }

  #maskOf(mask: Mask, x: Tensor): Tensor | null {
    const first = mask instanceof Tensor ? mask : (mask?.[0] ?? null);
    if (first === null) return null;
    const expected = x.shape.slice(0, 2);
    if (!shapesEqual(first.shape, expected)) {
      throw new ShapeError(
        `${this.name}: received a mask of shape ${formatShape(first.shape)}. Expected ` +
          `${formatShape(expected)}, batch and time of the input ${formatShape(x.shape)}.`,
        { details: { mask: first.shape, input: x.shape } },
      );
    }
    return first.dtype === "bool" ? first : cast(first, "bool");
  }

  override computeMask(_inputs: Tensor | readonly Tensor[], mask: Mask): Mask {
    const first = mask instanceof Tensor ? mask : (mask?.[0] ?? null);
    if (first === null || !this.returnSequences) return null;
    return this.goBackwards ? reverse(first, 1) : first;
  }

  override computeOutputShape(inputShape: LayerShapes): LayerShapes {
    const [batch = null, time = null] = shapeList(inputShape)[0] ?? [];
    const state: LayerShape = [batch, this.units];
    const output: LayerShape = this.returnSequences ? [batch, time, this.units] : state;
    return this.returnState ? [output, ...this.kind.states.map(() => state)] : output;
  }

  /**
   * Sets the state of a stateful layer to zeros, or to `states`.
   * @throws {ArgumentError | ShapeError} when `states` do not fit.
   */
  override resetStates(states?: readonly TensorLike[]): void {
    this.#states?.reset(states);
  }

  protected override ownStates(): (readonly [string, Variable])[] {
    return this.#states?.byName() ?? [];
  }

  override dispose(): { numDisposedVariables: number } {
    const { numDisposedVariables } = super.dispose();
    const states = this.#states?.dispose() ?? 0;
    this.#states = null;
    return { numDisposedVariables: numDisposedVariables + states };
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
      activityRegularizer: serializeRegularizer(this.activityRegularizer),
      dropout: this.dropout,
      recurrentDropout: this.recurrentDropout,
      ...(this.#seed === undefined ? {} : { seed: this.#seed }),
      returnSequences: this.returnSequences,
      returnState: this.returnState,
      goBackwards: this.goBackwards,
      stateful: this.stateful,
      zeroOutputForMask: this.zeroOutputForMask,
    };
  }
}

/** Both rows of [2, G·H]: for x·kernel and for h·recurrentKernel. */
function rows(bias: Tensor): [Tensor, Tensor] {
  const width = bias.shape[1] ?? 1;
  const row = (index: number): Tensor => bias.slice([index, 0], [1, width]).reshape([width]);
  return [row(0), row(1)];
}
