import { ArgumentError, DisposedError } from "../errors.ts";
import { openStore, type StoreTarget, toBlob } from "../formats/index.ts";
import type { DTypePolicy } from "../layers/dtype-policy.ts";
import { type AnyLayer, Layer } from "../layers/layer.ts";
import type { LayerShapes } from "../layers/layer-shape.ts";
import type { LayerConfig, Mask, OutputCount } from "../layers/layer-types.ts";
import { serializeLayer } from "../layers/serialize.ts";
import type { SymbolicTensor } from "../layers/symbolic.ts";
import { checkKeys } from "../names/check-keys.ts";
import { hostTensors } from "./saving/host-tensors.ts";
import { type LoadWeightsConfig, matchWeights, writeMatched } from "./saving/match-weights.ts";
import { decodeWeights, encodeWeights } from "./saving/model-file.ts";
import { type SummaryRow, summaryLines } from "./summary.ts";

/**
 * Layers with a beginning and an end: the half of a model that has nothing to do with training. A container is a layer
 * too, so it can be part of another.
 */
export abstract class Container<Count extends OutputCount = OutputCount> extends Layer<Count> {
  /** Masks of the latest outputs, noted by `call`. */
  protected outputMasks: Mask = null;
  #metadata: Record<string, unknown> = {};

  constructor(config: Pick<LayerConfig, "name" | "trainable">) {
    super(config);
    this.supportsMasking = true;
  }

  /** All layers, each once, in the order of the computation. */
  abstract get layers(): readonly AnyLayer[];
  /** Symbolic inputs; empty while a model's input shape is not known. */
  abstract get inputs(): readonly SymbolicTensor[];
  /** Symbolic outputs; empty while a model's input shape is not known. */
  abstract get outputs(): readonly SymbolicTensor[];
  /** Whether the outputs are a list, even of one; else there is one output. */
  protected abstract get givesList(): boolean;
  /** Names of the outputs: of the layers that give them. */
  abstract get outputNames(): readonly string[];
  /** Lines of the summary. */
  protected abstract summaryRows(): readonly SummaryRow[];

  protected override children(): readonly AnyLayer[] {
    return this.layers;
  }

  /** A container computes nothing itself: its layers follow their own policies. */
  protected override policyUnder(around: DTypePolicy | null): DTypePolicy | null {
    return around;
  }

  override computeMask(): Mask {
    return this.outputMasks;
  }

  /** Names of the inputs, under which data may be given. */
  get inputNames(): readonly string[] {
    return this.inputs.map((one) => one.name);
  }

  /** Shape of the input, batch first; a list for several. Of a model whose input shape is known. */
  override get inputShape(): LayerShapes {
    return oneOrAll(this.#known("inputShape", this.inputs).map(({ shape }) => shape));
  }

  /** Shape of the output, batch first; a list for several. Of a model whose input shape is known. */
  override get outputShape(): LayerShapes {
    return oneOrAll(this.#known("outputShape", this.outputs).map(({ shape }) => shape));
  }

  #known(property: string, symbols: readonly SymbolicTensor[]): readonly SymbolicTensor[] {
    if (symbols.length > 0) return symbols;
    throw new ArgumentError(
      `${this.name}.${property}: the shape of the input is not known. Give the first layer an inputShape.`,
    );
  }

  /**
   * Prints the layers with the shapes of their outputs and the number of their parameters.
   *
   * @example
   * net.summary();
   *
   * @param lineLength Characters a line. Default 65.
   * @param positions Where the three columns end, as shares of the line. Default [0.45, 0.85, 1].
   * @param printFn Takes the lines. Default `console.log`.
   */
  summary(
    lineLength?: number,
    positions?: readonly number[],
    printFn: (line: string) => void = console.log,
  ): void {
    const lines = summaryLines(this.name, this.summaryRows(), { lineLength, positions });
    for (const line of lines) printFn(line);
  }

  /**
   * A layer by its name, or by its place.
   * @throws {ArgumentError} when there is none.
   */
  getLayer(nameOrIndex: string | number): AnyLayer {
    const { layers } = this;
    const found =
      typeof nameOrIndex === "number"
        ? layers[nameOrIndex]
        : layers.find((layer) => layer.name === nameOrIndex);
    if (found !== undefined) return found;
    throw new ArgumentError(
      `${this.name}: there is no layer ${JSON.stringify(nameOrIndex)}. Expected an index below ` +
        `${layers.length}, or one of ${layers.map((layer) => layer.name).join(", ")}.`,
    );
  }

  /**
   * What belongs to the model and is no layer: a normalizer, a vocabulary, the names of classes. It is saved along.
   *
   * Counterpart of `setUserDefinedMetadata` in TF.js. Objects of registered classes (`sl.data.normalizer` among them)
   * come back as such objects; all else has to be plain data.
   *
   * @example
   * net.setUserDefinedMetadata({ classes: ["cat", "dog"] });
   */
  setUserDefinedMetadata(metadata: Record<string, unknown>): void {
    this.#metadata = { ...metadata };
  }

  /** What `setUserDefinedMetadata` was given, here or before the model was saved; else `{}`. */
  getUserDefinedMetadata(): Record<string, unknown> {
    return { ...this.#metadata };
  }

  /**
   * The layers and how they are connected as JSON text, without weights; `modelFromJSON` makes a new model of it.
   *
   * Counterpart of `model.toJSON` in TF.js and `model.to_json` in Keras.
   */
  toJSON(): string {
    return JSON.stringify(serializeLayer(this as unknown as AnyLayer));
  }

  /**
   * Writes the weights alone to a safetensors file.
   *
   * @param target As in `save`.
   * @throws {StoreError | ArgumentError} as `save` does.
   */
  saveWeights(target?: null): Promise<Blob>;
  saveWeights(target: StoreTarget): Promise<void>;
  async saveWeights(target?: StoreTarget | null): Promise<unknown> {
    this.requireBuilt("saveWeights");
    const store = target === undefined || target === null ? null : openStore(target);
    const bytes = encodeWeights(await hostTensors(this.weightsByPath()));
    if (store === null) return toBlob(bytes);
    await store.write(bytes);
  }

  /**
   * Gives the model the weights of a file: one that `save` or `saveWeights` wrote, or any safetensors file whose tensors
   * have the names of the weights. All is checked before the first weight changes.
   *
   * Counterpart of `model.loadWeights` in TF.js and `model.load_weights` in Keras.
   *
   * @example
   * // Layers that were trained elsewhere, under a new end:
   * await net.loadWeights("pretrained.safetensors", { byName: true });
   * net.getLayer(0).trainable = false;
   *
   * @param source As in `loadLayersModel`.
   * @throws {FormatError} when the file is damaged, or its weights are not those of the model, naming them.
   * @throws {StoreError} when the file cannot be read.
   */
  async loadWeights(source: StoreTarget, config: LoadWeightsConfig = {}): Promise<void> {
    this.requireBuilt("loadWeights");
    checkKeys(`${this.name}.loadWeights`, config, { byName: "boolean", skipMismatch: "boolean" });
    const store = openStore(source);
    const file = decodeWeights(await store.read(), store.name);
    const matched = matchWeights(file, this.weightsByPath(), config);
    writeMatched(this.name, matched);
  }

  /** @throws {ArgumentError | DisposedError} when there are no weights, not yet or no more. */
  protected requireBuilt(method: string): void {
    this.requireAlive(method);
    if (this.built) return;
    throw new ArgumentError(
      `${this.name}.${method}: the model has no weights yet. Give the first layer an inputShape, or apply the model ` +
        "to data once before.",
    );
  }

  /** @throws {DisposedError} after `dispose`. */
  protected requireAlive(method: string): void {
    if (!this.isDisposed) return;
    throw new DisposedError(
      `${this.name}.${method}: the model was disposed. Expected a model with weights.`,
    );
  }
}

/** One thing as itself, several as a list. */
export function oneOrAll<T>(items: T[]): T | T[] {
  const [first] = items;
  return items.length === 1 && first !== undefined ? first : items;
}
