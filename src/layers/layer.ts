import { ArgumentError, DisposedError } from "../errors.ts";
import { type DType, isFloat } from "../graph/dtype.ts";
import { applyRegularizer, type ResolvedRegularizer } from "../regularizers/resolve.ts";
import { scope, Tensor, type TensorLike } from "../tensor/index.ts";
import { autoName, classNameOf, reserveName } from "./auto-name.ts";
import { runBesideSteps } from "./beside-steps.ts";
import { addLoss, isTraining, policyAround, withPolicy, withTraining } from "./call-context.ts";
import { callOptions, withMask } from "./call-options.ts";
import { checkPolicy, computeDType, type DTypePolicy, getDTypePolicy } from "./dtype-policy.ts";
import { checkInputs, type InputSpec } from "./input-spec.ts";
import { batchShapeOf, checkApplied } from "./layer-arguments.ts";
import { type LayerShape, type LayerShapes, shapeList } from "./layer-shape.ts";
import type {
  CallOptions,
  ConfigDict,
  LayerConfig,
  LayerOutputs,
  Mask,
  OutputCount,
} from "./layer-types.ts";
import { maskOf, setMask } from "./masks.ts";
import { type Applied, asList, hasSymbolic, LayerNode, SymbolicTensor } from "./symbolic.ts";
import { underPolicy } from "./under-policy.ts";
import { WeightOwner } from "./weight-owner.ts";

/** A layer of any kind. */
export type AnyLayer = Layer<OutputCount>;

/**
 * A piece of a model: weights, and a function of tensors that uses them. Derive from it to make
 * layers of your own: `build` makes the weights, once the shape of the input is known; `call`
 * computes.
 *
 * Tensors that arise inside `call` end with it; what it returns stays. Weights are called
 * `lstm_1/kernel`. Layers that a layer holds as properties (or in lists) bring their weights along.
 *
 * @example
 * class Scale extends sl.layers.Layer {
 *   static override readonly className = "Scale";
 *   override build() { this.addWeight("factor", [1], "float32", "ones"); }
 *   override call(x: sl.Tensor) { return x.mul(this.weight("factor")); }
 * }
 * const y = new Scale().apply(sl.tensor1d([1, 2, 3]));
 * @see Keras `keras.layers.Layer`, TF.js `tf.layers.Layer`
 */
export class Layer<Count extends OutputCount = "one"> extends WeightOwner {
  /** Name of the class in saved models; each class has its own. */
  static readonly className: string = "Layer";

  /** The layer that `getConfig()` describes. */
  static fromConfig<L>(this: new (config: never) => L, config: ConfigDict): L {
    return new this(config as never);
  }

  /** Shape of the input with the batch, when the config gave one. */
  readonly batchInputShape: LayerShape | null;
  readonly inputDType: DType;
  /** What is expected of each input; empty: nothing is checked. */
  inputSpec: readonly InputSpec[] = [];
  /** Whether the layer uses masks or passes them on; otherwise they end here, with a warning. */
  supportsMasking = false;
  /** Whether state goes over from one batch to the next. */
  stateful = false;
  /** Every application to symbolic tensors, in order. */
  readonly inboundNodes: LayerNode[] = [];
  protected activityRegularizer: ResolvedRegularizer | null = null;

  readonly #policy: DTypePolicy;
  /** Whether the policy was given to this very layer; otherwise that of a layer around comes first. */
  readonly #hasOwnPolicy: boolean;
  #firstWeights: readonly TensorLike[] | null;
  #warnedOfMask = false;

  constructor(config: LayerConfig = {}) {
    super(config.name ?? autoName(classNameOf(new.target)), config.trainable ?? true);
    if (config.name !== undefined) reserveName(config.name);
    this.batchInputShape = batchShapeOf(config, this.name);
    this.inputDType = config.inputDType ?? "float32";
    this.#hasOwnPolicy = (config.dtype ?? null) !== null;
    const policy = config.dtype ?? config.policyInForce ?? getDTypePolicy();
    this.#policy = checkPolicy(policy, this.name);
    this.#firstWeights = config.weights ?? null;
  }

  /**
   * Runs the layer on tensors, or notes its place in a functional model when the inputs are
   * symbolic.
   * @param inputs One tensor, or a list for layers with several inputs.
   * @param kwargs `training`, `mask`, and what the layer adds (`initialState`).
   * @throws {ArgumentError} when an input is no tensor.
   * @throws {ShapeError} when a shape does not fit the layer or its weights.
   * @throws {DisposedError} after `dispose()`.
   */
  apply(inputs: Tensor | readonly Tensor[], kwargs?: CallOptions): LayerOutputs<Tensor>[Count];
  apply(
    inputs: SymbolicTensor | readonly SymbolicTensor[],
    kwargs?: CallOptions,
  ): LayerOutputs<SymbolicTensor>[Count];
  apply(
    inputs: Applied | readonly Applied[],
    given?: CallOptions | null,
  ): Tensor | Tensor[] | SymbolicTensor | SymbolicTensor[] {
    checkApplied(inputs, this.name);
    const kwargs = callOptions(this.name, given ?? {});
    if (this.isDisposed) {
      throw new DisposedError(
        `${this.name}: the layer was disposed. Expected a layer with weights.`,
      );
    }
    if (hasSymbolic(inputs)) {
      return this.#applyToSymbols(inputs as SymbolicTensor | readonly SymbolicTensor[], kwargs);
    }
    const tensors = [inputs as Tensor | readonly Tensor[], withMask(this.name, kwargs)] as const;
    return runBesideSteps(this.name, tensors, (...own) => this.#applyToTensors(...own));
  }

  #applyToTensors(inputs: Tensor | readonly Tensor[], kwargs: CallOptions): Tensor | Tensor[] {
    return scope(this.name, () => {
      this.ensureBuilt(shapesOf(inputs));
      const training = kwargs.training ?? isTraining();
      const mask = this.maskFor(inputs, kwargs);
      const policy = this.policyUnder(policyAround());
      const under = (one: Tensor): Tensor => (policy === null ? one : underPolicy(one, policy));
      const given = mapTensors(inputs, under);
      const body = (): Tensor | Tensor[] => this.call(given, { ...kwargs, training, mask });
      return withTraining(training, () => {
        const result = mapTensors(withPolicy(policy, body), under);
        if (this.activityRegularizer !== null) {
          for (const output of asList(result)) {
            addLoss(applyRegularizer(this.activityRegularizer, output));
          }
        }
        const handles = ownHandles(result, asList(given));
        this.#passMask(inputs, handles, { ...kwargs, mask });
        if (Array.isArray(handles)) Tensor.group(handles);
        return handles;
      });
    });
  }

  /** In which dtype the layer keeps what it computes; its weights are float32. */
  get dtypePolicy(): DTypePolicy {
    return this.#policy;
  }

  /** The dtype of what the layer gives out, and into which it brings floats that it takes in. */
  get computeDType(): DType {
    return computeDType(this.#policy);
  }

  /**
   * Whether it, or a layer inside, computes in float16.
   * @param around The policy of the layer that this one is part of; null: it is part of none.
   */
  computesInHalf(around: DTypePolicy | null = null): boolean {
    const policy = this.policyUnder(around);
    const isHalf = policy !== null && computeDType(policy) === "float16";
    return isHalf || this.children().some((x) => x instanceof Layer && x.computesInHalf(policy));
  }

  /** The policy that holds inside a layer with this one: its own, that around, that in force when it was made. */
  protected policyUnder(around: DTypePolicy | null): DTypePolicy | null {
    return this.#hasOwnPolicy ? this.#policy : (around ?? this.#policy);
  }

  #applyToSymbols(
    inputs: SymbolicTensor | readonly SymbolicTensor[],
    kwargs: CallOptions,
  ): SymbolicTensor | SymbolicTensor[] {
    const shapes = shapesOf(inputs);
    this.ensureBuilt(shapes);
    const dtype = this.outputDType(asList(inputs)[0]?.dtype ?? "float32");
    const outputs = shapeList(this.computeOutputShape(shapes, kwargs)).map((shape) => ({
      shape,
      dtype,
    }));
    const node = new LayerNode(this, inputs, { kwargs, outputs });
    this.inboundNodes.push(node);
    const [only] = node.outputs;
    return node.outputs.length === 1 && only !== undefined ? only : [...node.outputs];
  }

  /**
   * Makes the weights unless they exist, and checks shapes against the layer. Called by `apply`, and by the `build` of
   * layers for those that they hold.
   */
  ensureBuilt(shapes: LayerShapes): void {
    checkInputs(this.name, this.inputSpec, shapeList(shapes));
    if (this.built) return;
    this.build(shapes);
    this.built = true;
    checkInputs(this.name, this.inputSpec, shapeList(shapes));
    if (!this.trainable) this.trainable = false; // for what `build` made
    const weights = this.#firstWeights;
    this.#firstWeights = null;
    if (weights !== null) this.setWeights(weights);
  }

  /**
   * Makes the weights with `addWeight`. For layers to override; `inputShape` has the batch in
   * front.
   */
  build(_inputShape: LayerShapes): void {
    this.built = true;
  }

  /**
   * The function of the layer. For layers to override; `kwargs.training` and `kwargs.mask` are set.
   */
  call(inputs: Tensor | readonly Tensor[], _kwargs: CallOptions): Tensor | Tensor[] {
    return inputs instanceof Tensor ? inputs : [...inputs];
  }

  /**
   * Shape of the output from the shape of the input, and the arguments of the call. For layers to override; default:
   * the same.
   */
  computeOutputShape(inputShape: LayerShapes, _kwargs?: CallOptions): LayerShapes {
    return inputShape;
  }

  /**
   * Dtype of the outputs from that of the input, before the policy of the layer makes float16 of floats. Default
   * `"float32"`.
   */
  computeOutputDType(_inputDType: DType): DType {
    return "float32";
  }

  /** @internal Dtype of the outputs under the policy of the layer. */
  outputDType(inputDType: DType): DType {
    const dtype = this.computeOutputDType(inputDType);
    const policy = this.policyUnder(policyAround());
    return policy !== null && isFloat(dtype) ? computeDType(policy) : dtype;
  }

  /** The mask of a call: the given one, or what travels with the inputs. */
  protected maskFor(inputs: Tensor | readonly Tensor[], kwargs: CallOptions): Mask {
    return kwargs.mask === undefined ? masksOf(inputs) : kwargs.mask;
  }

  /**
   * The mask that travels with the output. Default: the input's when `supportsMasking`, else none.
   */
  computeMask(_inputs: Tensor | readonly Tensor[], mask: Mask, _kwargs?: CallOptions): Mask {
    if (this.supportsMasking) return mask;
    if (mask !== null && [mask].flat().some((one) => one !== null)) this.#warnOfMask();
    return null;
  }

  /** Adds a scalar to the loss of the training step around. For use in `call`. */
  addLoss(loss: Tensor): void {
    addLoss(loss);
  }

  /** What the constructor takes to make the same layer, as plain data. */
  getConfig(): ConfigDict {
    const config: ConfigDict = { name: this.name, trainable: this.trainable };
    if (this.batchInputShape !== null) config.batchInputShape = [...this.batchInputShape];
    if (this.inputDType !== "float32") config.inputDType = this.inputDType;
    // As a `dtype` it would become the layer's own, and come before that of a layer around.
    if (this.#hasOwnPolicy) config.dtype = this.#policy;
    else if (this.#policy !== "float32") config.policyInForce = this.#policy;
    return config;
  }

  getClassName(): string {
    return classNameOf(this.constructor);
  }

  /** The symbolic input of the layer's only application. */
  get input(): SymbolicTensor | readonly SymbolicTensor[] {
    return this.#onlyNode("input").inputs;
  }

  /** The symbolic output of the layer's only application. */
  get output(): LayerOutputs<SymbolicTensor>[Count] {
    const { outputs } = this.#onlyNode("output");
    return (
      outputs.length === 1 ? outputs[0] : [...outputs]
    ) as LayerOutputs<SymbolicTensor>[Count];
  }

  /** Shape of the symbolic input, batch first; a list for several. Of a layer with one, or with equal ones. */
  get inputShape(): LayerShapes {
    return this.#onlyShape("inputShape", (node) => shapesOf(node.inputs));
  }

  /** Shape of the symbolic output, batch first; a list for several. Of a layer with one, or with equal ones. */
  get outputShape(): LayerShapes {
    return this.#onlyShape("outputShape", ({ outputs: [first, ...others] }) =>
      first === undefined || others.length > 0
        ? [first, ...others].flatMap((one) => (one === undefined ? [] : [one.shape]))
        : first.shape,
    );
  }

  #onlyShape(property: string, shapeOf: (node: LayerNode) => LayerShapes): LayerShapes {
    const [first, ...others] = this.inboundNodes.map(shapeOf);
    const text = JSON.stringify(first);
    const isOne = others.every((shape) => JSON.stringify(shape) === text);
    return first !== undefined && isOne ? first : shapeOf(this.#onlyNode(property));
  }

  #onlyNode(property: string): LayerNode {
    const [node] = this.inboundNodes;
    if (node === undefined || this.inboundNodes.length > 1) {
      throw new ArgumentError(
        `${this.name}: "${property}" needs a layer that was applied to symbolic tensors once; ` +
          `this one was ${this.inboundNodes.length} times. Use layer.inboundNodes.`,
      );
    }
    return node;
  }

  #warnOfMask(): void {
    if (this.#warnedOfMask) return;
    this.#warnedOfMask = true;
    console.warn(`${this.name}: a mask reaches this layer, which does not use it; it ends here.`);
  }

  #passMask(
    inputs: Tensor | readonly Tensor[],
    result: Tensor | Tensor[],
    kwargs: CallOptions & { readonly mask: Mask },
  ): void {
    const outputMask = [this.computeMask(inputs, kwargs.mask, kwargs)].flat();
    asList(result).forEach((output, index) => {
      const own = outputMask[index] ?? null;
      if (own !== null || maskOf(output) !== null) setMask(output, own);
    });
  }
}

function shapesOf(inputs: Applied | readonly Applied[]): LayerShapes {
  return inputs instanceof Tensor || inputs instanceof SymbolicTensor
    ? inputs.shape
    : inputs.map((one) => one.shape);
}

/**
 * A layer that hands its input back gives it a handle of its own: ending that does not end the
 * input.
 */
function ownHandles(result: Tensor | Tensor[], inputs: readonly Tensor[]): Tensor | Tensor[] {
  const own = (one: Tensor): Tensor => (inputs.includes(one) ? Tensor.of(one.value) : one);
  return result instanceof Tensor ? own(result) : result.map(own);
}

function mapTensors(tensors: Tensor | Tensor[], map: (one: Tensor) => Tensor): Tensor | Tensor[];
function mapTensors(
  tensors: Tensor | readonly Tensor[],
  map: (one: Tensor) => Tensor,
): Tensor | readonly Tensor[];
function mapTensors(
  tensors: Tensor | readonly Tensor[],
  map: (one: Tensor) => Tensor,
): Tensor | readonly Tensor[] {
  return tensors instanceof Tensor ? map(tensors) : tensors.map(map);
}

function masksOf(inputs: Tensor | readonly Tensor[]): Mask {
  return inputs instanceof Tensor ? maskOf(inputs) : inputs.map(maskOf);
}
