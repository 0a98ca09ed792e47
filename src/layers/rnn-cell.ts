import { ArgumentError } from "../errors.ts";
import { deserialize, type Serialized } from "../names/class-registry.ts";
import { describeValue } from "../names/describe.ts";
import { wholeNumber } from "../names/whole-number.ts";
import { type Tensor, zeros } from "../tensor/index.ts";
import { autoName, classNameOf, reserveName } from "./auto-name.ts";
import type { LayerShape } from "./layer-shape.ts";
import type { ConfigDict } from "./layer-types.ts";
import { WeightOwner } from "./weight-owner.ts";

/** What every cell takes. */
export interface CellConfig {
  /** Stands between the layer's name and the weight's: `rnn_1/my_cell_1/kernel`. Default: the class name and a number. */
  readonly name?: string;
  /** Whether training changes the weights. Default true. */
  readonly trainable?: boolean;
}

/** What `call` is told beside its tensors. */
export interface CellCallOptions {
  /** Whether dropout and the like are on. */
  readonly training: boolean;
}

/** What `beginSequence` is told. */
export interface SequenceOptions extends CellCallOptions {
  readonly batchSize: number;
}

/** What one step gives. */
export interface CellResult {
  /** [B, outputSize] */
  readonly output: Tensor;
  /** The new states, [B, size] each, as many as there were. */
  readonly states: readonly Tensor[];
}

/**
 * One step of a recurrent layer. Derive from it to make cells of your own, which `layers.rnn` runs over time: `build`
 * makes the weights, once the number of features is known; `call` computes a step.
 *
 * `call` gives `{ output, states }` by name, where Keras gives a pair: TypeScript takes what a method without a declared
 * result puts into a list for a list of anything, not for a pair. Layers that a cell holds as properties (or in lists)
 * bring their weights along; its `build` calls their `ensureBuilt(inputShape)`.
 *
 * @example
 * class Decay extends sl.layers.RNNCell { // h' = (h + x) / 2
 *   static override readonly className = "Decay";
 *   get stateSize() { return 3; }
 *   call(x: sl.Tensor, [h]: [sl.Tensor]) {
 *     const output = h.add(x).mul(0.5);
 *     return { output, states: [output] };
 *   }
 * }
 * sl.layers.rnn({ cell: new Decay() }).apply(sl.ones([2, 5, 3])).shape; // [2, 3]
 * @see Keras, the cells of `keras.layers.RNN`
 */
export abstract class RNNCell extends WeightOwner {
  /** Name of the class in saved models; each class has its own. */
  static readonly className: string = "RNNCell";

  /** The cell that `getConfig()` describes. */
  static fromConfig<Cell>(this: new (config: never) => Cell, config: ConfigDict): Cell {
    return new this(config as never);
  }

  constructor(config: CellConfig = {}) {
    super(config.name ?? autoName(classNameOf(new.target)), config.trainable ?? true);
    if (config.name !== undefined) reserveName(config.name);
  }

  /** Size of the state, or of each of several: a state has shape [B, size]. */
  abstract get stateSize(): number | readonly number[];

  /** Size of the output. A getter, to be overridden as one; default: the size of the (first) state. */
  get outputSize(): number {
    return stateSizesOf(this)[0] ?? 0;
  }

  /**
   * One step. What it does to tensors is recorded; it must not depend on which step it is, but by states.
   * @param x Input of the step [B, I].
   * @param states As the step before left them, [B, size] each.
   */
  abstract call(x: Tensor, states: readonly Tensor[], options: CellCallOptions): CellResult;

  /**
   * Makes the weights with `addWeight`. For cells to override; `inputShape` is that of one step, [batch, I], the batch
   * null where it is not known.
   */
  build(_inputShape: LayerShape): void {
    this.built = true;
  }

  /** The states that a sequence begins with. For cells to override; default: zeros [B, size]. */
  getInitialState(batchSize: number): readonly Tensor[] {
    return stateSizesOf(this).map((size) => zeros([batchSize, size]));
  }

  /**
   * Called before the first step of a sequence: the place to draw what stays the same at every step, such as masks of
   * dropout. For cells to override; default: tells the cells that this one holds.
   */
  beginSequence(options: SequenceOptions): void {
    for (const child of this.children()) {
      if (child instanceof RNNCell) child.beginSequence(options);
    }
  }

  /** Called after the last step, or when one failed: what `beginSequence` made is of no use any more. */
  endSequence(): void {
    for (const child of this.children()) if (child instanceof RNNCell) child.endSequence();
  }

  /** Makes the weights unless they exist. Called by the layer. */
  ensureBuilt(inputShape: LayerShape): void {
    if (this.built) return;
    this.build(inputShape);
    this.built = true;
    if (!this.trainable) this.trainable = false; // for what `build` made
  }

  /** A cell like this one, without weights yet. */
  again(): RNNCell {
    const CellClass = this.constructor as unknown as { fromConfig(config: ConfigDict): RNNCell };
    return CellClass.fromConfig(this.ownConfig());
  }

  /** What `again` makes cells of. Default: the config. */
  protected ownConfig(): ConfigDict {
    return this.getConfig();
  }

  /** What the constructor takes to make the same cell, as plain data. */
  getConfig(): ConfigDict {
    return { name: this.name, trainable: this.trainable };
  }

  getClassName(): string {
    return classNameOf(this.constructor);
  }
}

/**
 * The sizes of a cell's states, always as a list.
 * @throws {ArgumentError} when the cell does not say them, or one is no whole number from 1 up.
 */
export function stateSizesOf(cell: RNNCell): readonly number[] {
  const size: unknown = cell.stateSize;
  const sizes: readonly unknown[] = Array.isArray(size) ? size : [size];
  if (sizes.length === 0 || sizes.some((one) => typeof one !== "number")) {
    throw new ArgumentError(
      `${cell.name}: received ${describeValue(size)} as stateSize. Expected the size of the state, or a list of sizes: ` +
        "get stateSize() { return this.config.units; }.",
    );
  }
  return sizes.map((one) => wholeNumber(Number(one), `${cell.name}: stateSize`));
}

/** A cell as plain data: the name of its class and its config. */
export function serializeCell(cell: RNNCell): Serialized {
  return { className: cell.getClassName(), config: cell.getConfig() };
}

/**
 * The cell that plain data describes, with new weights; a cell comes back as it is.
 * @throws {ArgumentError} for a class that is not known, and for what is no cell.
 */
export function deserializeCell(described: RNNCell | Serialized): RNNCell {
  const isData = typeof described === "object" && described !== null && "className" in described;
  const cell = isData ? deserialize(described, "cell") : described;
  if (cell instanceof RNNCell) return cell;
  throw new ArgumentError(
    `cell: received ${describeValue(cell)}. Expected a cell, an object of a class that extends sl.layers.RNNCell, or ` +
      "its { className, config }.",
  );
}
