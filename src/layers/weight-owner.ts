import { type ConstraintLike, constraintFunction, getConstraint } from "../constraints/resolve.ts";
import { ArgumentError } from "../errors.ts";
import type { DType } from "../graph/dtype.ts";
import { sizeOf } from "../graph/shape.ts";
import { getInitializer, type InitializerLike } from "../initializers/index.ts";
import {
  applyRegularizer,
  getRegularizer,
  type RegularizerLike,
  type ResolvedRegularizer,
} from "../regularizers/resolve.ts";
import {
  type Tensor,
  type TensorLike,
  tensor,
  tidy,
  type Variable,
  variable,
} from "../tensor/index.ts";
import { noteMade, takeFromBudget } from "./weight-budget.ts";
import { readWeights, writeWeights } from "./weights.ts";

/** A weight and what the layer said about it. */
interface OwnWeight {
  readonly name: string;
  readonly variable: Variable;
  readonly trainable: boolean;
  readonly regularizer: ResolvedRegularizer | null;
}

/** The half of a layer that owns weights: makes, lists, freezes, reads, writes and frees them. */
export abstract class WeightOwner {
  readonly name: string;
  /** Whether the weights exist. */
  built = false;
  readonly #own: OwnWeight[] = [];
  #trainable: boolean;
  #disposed = false;

  constructor(name: string, trainable: boolean) {
    this.name = name;
    this.#trainable = trainable;
  }

  /**
   * Makes a weight that the layer owns. The arguments are those of TF.js.
   * @param name Last part of the weight's name: `kernel` in `dense_1/kernel`.
   * @param initializer First values. Default `"glorotUniform"`; `"zeros"` below two axes.
   * @param regularizer Penalty that training adds to the loss. Default none.
   * @param trainable Whether training changes it. Default true.
   * @param constraint What training brings it back to after each update. Default none.
   */
  addWeight(
    name: string,
    shape: readonly number[],
    dtype: DType = "float32",
    initializer?: InitializerLike | null,
    regularizer?: RegularizerLike | null,
    trainable = true,
    constraint?: ConstraintLike | null,
  ): Variable {
    const own = {
      regularizer: getRegularizer(regularizer),
      constraint: constraintFunction(getConstraint(constraint)),
    };
    const first = getInitializer(initializer ?? (shape.length < 2 ? "zeros" : "glorotUniform"));
    const fullName = `${this.name}/${name}`;
    const isLoaded = takeFromBudget(fullName, shape);
    const made = tidy(() =>
      variable(
        isLoaded
          ? tensor(new Float32Array(sizeOf(shape)), shape, dtype)
          : first.apply(shape, dtype),
        trainable && this.#trainable,
        fullName,
      ),
    );
    noteMade(made);
    made.constraint = own.constraint;
    this.#own.push({ name, variable: made, trainable, regularizer: own.regularizer });
    return made;
  }

  /**
   * The weight that `addWeight(name, …)` made.
   * @throws {ArgumentError} when there is none of that name (yet).
   */
  weight(name: string): Variable {
    const found = this.#own.find((own) => own.name === name);
    if (found !== undefined) return found.variable;
    this.#requireBuilt(`weight("${name}")`);
    throw new ArgumentError(
      `${this.name}: there is no weight "${name}". Expected one of ` +
        `${this.#own.map((own) => own.name).join(", ")}.`,
    );
  }

  /**
   * Weight owners (layers) inside this one. Default: those among its properties, and in lists among
   * them. Overriding it decides which weights, penalties and states count as this layer's.
   */
  protected children(): readonly WeightOwner[] {
    const found = Object.values(this)
      .flatMap((value: unknown) => (Array.isArray(value) ? value : [value]))
      .filter((value): value is WeightOwner => value instanceof WeightOwner);
    return [...new Set(found)];
  }

  /** Whether training changes the weights. Setting it sets it for the layers inside, too. */
  get trainable(): boolean {
    return this.#trainable;
  }

  set trainable(trainable: boolean) {
    this.#trainable = trainable;
    for (const own of this.#own) own.variable.trainable = trainable && own.trainable;
    for (const child of this.children()) child.trainable = trainable;
  }

  /**
   * All weights: its own, trainable ones first, then those of the layers inside, layer by layer.
   */
  get weights(): Variable[] {
    const own = [...this.#ownWeights(true), ...this.#ownWeights(false)];
    return [...own, ...this.children().flatMap((child) => child.weights)];
  }

  /** The weights that training changes. */
  get trainableWeights(): Variable[] {
    if (!this.#trainable) return [];
    const inside = this.children().flatMap((child) => child.trainableWeights);
    return [...this.#ownWeights(true), ...inside];
  }

  /** The weights that training leaves alone. */
  get nonTrainableWeights(): Variable[] {
    const trained = new Set(this.trainableWeights);
    return this.weights.filter((weight) => !trained.has(weight));
  }

  /**
   * All weights by their place in the layer, in the order of `weights`: `kernel`, and `forward_lstm_1/kernel` for the
   * layers inside. A layer inside that is named after this one (`transformer_encoder_1/self_attention_layer`) goes by what
   * its name adds.
   */
  weightsByPath(): Map<string, Variable> {
    const own = [...this.#own].sort((a, b) => Number(b.trainable) - Number(a.trainable));
    const paths = new Map(own.map(({ name, variable }) => [name, variable]));
    for (const child of this.children()) {
      for (const [path, weight] of child.weightsByPath())
        paths.set(`${this.#placeOf(child)}/${path}`, weight);
    }
    return paths;
  }

  /** What goes over from batch to batch and is no weight (the states of stateful layers), by its place likewise. */
  statesByPath(): Map<string, Variable> {
    const paths = new Map(this.ownStates());
    for (const child of this.children()) {
      for (const [path, state] of child.statesByPath()) {
        paths.set(`${this.#placeOf(child)}/${path}`, state);
      }
    }
    return paths;
  }

  #placeOf(child: WeightOwner): string {
    const own = `${this.name}/`;
    return child.name.startsWith(own) ? child.name.slice(own.length) : child.name;
  }

  /** The states of this layer alone, by name. For layers to override. */
  protected ownStates(): Iterable<readonly [string, Variable]> {
    return [];
  }

  #ownWeights(trainable: boolean): Variable[] {
    return this.#own.filter((own) => own.trainable === trainable).map((own) => own.variable);
  }

  /**
   * Penalties on the weights as they are now, one scalar for each weight that has a regularizer.
   */
  get losses(): Tensor[] {
    if (!this.#trainable) return [];
    const own = this.#own.flatMap(({ variable, trainable, regularizer }) =>
      trainable && regularizer !== null ? [applyRegularizer(regularizer, variable)] : [],
    );
    return [...own, ...this.children().flatMap((child) => child.losses)];
  }

  /** Copies of the weights, in the order of `weights`; later training does not change them. */
  getWeights(): Tensor[] {
    return readWeights(this.weights);
  }

  /**
   * Gives the weights new values, in the order of `weights`.
   * @throws {ArgumentError} when the layer is not built, or the number of values is wrong.
   * @throws {ShapeError} when a shape is; nothing is written then.
   */
  setWeights(values: readonly TensorLike[]): void {
    this.#requireBuilt("setWeights()");
    writeWeights(this.name, this.weights, values);
  }

  /**
   * Number of weight elements.
   * @throws {ArgumentError} when the layer is not built.
   */
  countParams(): number {
    this.#requireBuilt("countParams()");
    return this.weights.reduce((sum, weight) => sum + sizeOf(weight.shape), 0);
  }

  /** Sets the state of stateful layers back to zeros. */
  resetStates(): void {
    for (const child of this.children()) child.resetStates();
  }

  /**
   * Frees the weights at once; the layer is of no use afterwards.
   * @returns How many variables were freed: 0 the second time.
   */
  dispose(): { numDisposedVariables: number } {
    if (this.#disposed) return { numDisposedVariables: 0 };
    this.#disposed = true;
    for (const own of this.#own) own.variable.dispose();
    const inside = this.children().map((child) => child.dispose().numDisposedVariables);
    return { numDisposedVariables: inside.reduce((sum, count) => sum + count, this.#own.length) };
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  get isDisposed(): boolean {
    return this.#disposed;
  }

  #requireBuilt(what: string): void {
    if (this.built) return;
    throw new ArgumentError(
      `${this.name}: ${what} needs weights, and the layer has none yet. Call ensureBuilt(inputShape) ` +
        "or apply it once before, or make it part of a model that knows its inputShape.",
    );
  }
}
