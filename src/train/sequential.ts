import { ArgumentError } from "../errors.ts";
import type { DType } from "../graph/dtype.ts";
import { type AnyLayer, Layer } from "../layers/layer.ts";
import {
  formatLayerShape,
  type LayerShape,
  type LayerShapes,
  singleShape,
} from "../layers/layer-shape.ts";
import type { CallOptions, ConfigDict, LayerConfig } from "../layers/layer-types.ts";
import { maskOf } from "../layers/masks.ts";
import { deserializeLayer, serializeLayer } from "../layers/serialize.ts";
import { SymbolicTensor } from "../layers/symbolic.ts";
import { checkKeys } from "../names/check-keys.ts";
import { registerClass, type Serialized } from "../names/class-registry.ts";
import { describeValue } from "../names/describe.ts";
import { Tensor } from "../tensor/index.ts";
import { Model } from "./model.ts";
import type { SummaryRow } from "./summary.ts";

/** What `sequential` takes. */
export interface SequentialConfig extends Pick<LayerConfig, "name" | "trainable"> {
  /** First layers; more can be added. */
  readonly layers?: readonly AnyLayer[];
}

/**
 * Layers one after the other, each with one input and one output. Made by `sequential()`.
 *
 * Counterpart of `tf.Sequential` and `keras.Sequential`.
 */
export class Sequential extends Model<"one"> {
  static override readonly className: string = "Sequential";

  readonly #layers: AnyLayer[] = [];
  /** The input, and the output of each layer; empty while the shape of the input is not known. */
  #symbols: SymbolicTensor[] = [];
  /** Shape of the first data, where that told the shape of the input. */
  #builtFor: LayerShape | null = null;

  constructor(config: SequentialConfig = {}) {
    super(config);
    for (const layer of layerList(this.name, config.layers)) this.add(layer);
  }

  /**
   * Puts a layer at the end. With the input's shape known (`inputShape` of the first layer) its weights are made now, and
   * shapes that do not fit are found now; else when the first data comes.
   *
   * @throws {ArgumentError} for what is no layer, and when a layer of that name is there already.
   * @throws {ShapeError} when the layer does not fit the one before.
   */
  add(layer: AnyLayer): void {
    checkLayer(this.name, layer);
    this.requireIdle("add");
    if (this.#layers.some((one) => one.name === layer.name)) {
      throw new ArgumentError(
        `${this.name}.add: there is a layer "${layer.name}" already. Expected a name of its own.`,
      );
    }
    const isFirst = this.#layers.length === 0;
    const shape = layer.batchInputShape ?? firstInput(layer)?.shape ?? null;
    const start =
      isFirst && shape !== null
        ? new SymbolicTensor({ shape, dtype: layer.inputDType, name: `${layer.name}_input` })
        : null;
    const previous = isFirst ? start : (this.#symbols[this.#symbols.length - 1] ?? null);
    if (previous !== null) {
      const next = this.#applyOne(layer, previous);
      if (start !== null) this.#symbols.push(start);
      this.#symbols.push(next);
    }
    this.#layers.push(layer);
    this.built = previous !== null;
    this.forgetSteps();
  }

  /**
   * Takes the last layer away; its weights stay with it.
   * @throws {ArgumentError} when there is no layer.
   */
  pop(): void {
    this.requireIdle("pop");
    if (this.#layers.pop() === undefined) {
      throw new ArgumentError(`${this.name}.pop: there are no layers.`);
    }
    this.#symbols.pop();
    if (this.#layers.length === 0) this.#symbols = [];
    this.built = this.#symbols.length > 0;
    this.forgetSteps();
  }

  override get layers(): readonly AnyLayer[] {
    return this.#layers;
  }

  override get inputs(): readonly SymbolicTensor[] {
    return this.#symbols.slice(0, 1);
  }

  override get outputs(): readonly SymbolicTensor[] {
    return this.#symbols.slice(-1);
  }

  protected override get givesList(): boolean {
    return false;
  }

  override get outputNames(): readonly string[] {
    return [this.#requireLast().name];
  }

  override build(inputShape: LayerShapes): void {
    this.#requireLast();
    let shape: LayerShapes = singleShape(inputShape, this.name);
    this.#builtFor = shape;
    for (const layer of this.#layers) {
      layer.ensureBuilt(shape);
      shape = layer.computeOutputShape(shape);
    }
  }

  override computeOutputShape(inputShape: LayerShapes): LayerShapes {
    return this.#layers.reduce((shape, layer) => layer.computeOutputShape(shape), inputShape);
  }

  override computeOutputDType(inputDType: DType): DType {
    return this.#layers.reduce((dtype, layer) => layer.outputDType(dtype), inputDType);
  }

  override call(inputs: Tensor | readonly Tensor[], { training }: CallOptions): Tensor | Tensor[] {
    let value: Tensor | readonly Tensor[] = inputs;
    for (const layer of this.#layers) value = layer.apply(value, { training });
    this.outputMasks = value instanceof Tensor ? maskOf(value) : value.map(maskOf);
    return value instanceof Tensor ? value : [...value];
  }

  override getConfig(): ConfigDict {
    const layers = this.#layers.map(serializeLayer);
    if (this.#builtFor === null) return { ...super.getConfig(), layers };
    const [batch = null, ...rest] = this.#builtFor;
    const isStateful = this.#layers.some((layer) => layer.stateful);
    return { ...super.getConfig(), layers, buildInputShape: [isStateful ? batch : null, ...rest] };
  }

  static override fromConfig<L>(
    this: new (
      config: never,
    ) => L,
    { name, trainable, layers, buildInputShape }: ConfigDict,
  ): L {
    const described = layerList(String(name), layers as readonly Serialized[]);
    const made = new this({ name, trainable, layers: described.map(deserializeLayer) } as never);
    if (buildInputShape && made instanceof Sequential) {
      made.ensureBuilt(buildInputShape as LayerShape);
    }
    return made;
  }

  protected override summaryRows(): readonly SummaryRow[] {
    return this.#layers.map((layer, i) => {
      const symbol = this.#symbols[i + 1];
      return { layer, outputShapes: symbol === undefined ? null : [symbol.shape] };
    });
  }

  #requireLast(): AnyLayer {
    const last = this.#layers[this.#layers.length - 1];
    if (last !== undefined) return last;
    throw new ArgumentError(
      `${this.name}: the model has no layers. Add some before: model.add(sl.layers.dense({ units: 1 })).`,
    );
  }

  #applyOne(layer: AnyLayer, input: SymbolicTensor): SymbolicTensor {
    const output: SymbolicTensor | SymbolicTensor[] = layer.apply(input);
    if (output instanceof SymbolicTensor) return output;
    throw new ArgumentError(
      `${this.name}.add: "${layer.name}" gives ${output.length} outputs ` +
        `(${output.map((one) => formatLayerShape(one.shape)).join(", ")}). Layers of a sequential model ` +
        "give one; use model({ inputs, outputs }).",
    );
  }
}

registerClass(Sequential);

/**
 * A model whose layers come one after the other.
 *
 * Counterpart of `tf.sequential`.
 *
 * @example
 * const net = sl.sequential({
 *   layers: [sl.layers.lstm({ units: 16, inputShape: [10, 1] }), sl.layers.dense({ units: 1 })],
 * });
 * net.compile({ optimizer: "adam", loss: "meanSquaredError" });
 */
export function sequential(config: SequentialConfig = {}): Sequential {
  if (Array.isArray(config)) {
    throw new ArgumentError(
      `sequential: received ${describeValue(config)}. Expected a config: sequential({ layers: [first, second] }).`,
    );
  }
  checkKeys("sequential", config, { layers: "any", name: "string", trainable: "boolean" });
  return new Sequential(config);
}

/** @throws {ArgumentError} for a forgotten list. */
function layerList<T>(label: string, layers: readonly T[] | null | undefined): readonly T[] {
  if (layers === undefined || layers === null) return [];
  if (Array.isArray(layers)) return layers;
  throw new ArgumentError(
    `${label}: received ${describeValue(layers)} as layers. Expected a list: ` +
      "sequential({ layers: [sl.layers.dense({ units: 1 })] }).",
  );
}

/** @throws {ArgumentError} for what is no layer. */
function checkLayer(label: string, layer: unknown): void {
  if (layer instanceof Layer) return;
  const advice =
    typeof layer === "function"
      ? " Call the function: model.add(sl.layers.lstm({ units: 8 }))."
      : Array.isArray(layer)
        ? " Add one layer at a time."
        : layer instanceof SymbolicTensor
          ? " What layer.apply() gives belongs in model({ inputs, outputs })."
          : "";
  throw new ArgumentError(
    `${label}.add: received ${describeValue(layer)}. Expected a layer, such as ` +
      `sl.layers.dense({ units: 1 }).${advice}`,
  );
}

/** The input of a layer that is itself a model, or brings its symbolic input along. */
function firstInput(layer: AnyLayer): SymbolicTensor | null {
  return layer instanceof Model ? (layer.inputs[0] ?? null) : null;
}
