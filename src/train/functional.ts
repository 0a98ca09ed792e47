import { ArgumentError } from "../errors.ts";
import type { DType } from "../graph/dtype.ts";
import { type AnyLayer, Layer } from "../layers/layer.ts";
import { type LayerShape, type LayerShapes, shapeList } from "../layers/layer-shape.ts";
import type { CallOptions, ConfigDict, LayerConfig, OutputCount } from "../layers/layer-types.ts";
import { maskOf } from "../layers/masks.ts";
import { asList, type LayerNode, SymbolicTensor } from "../layers/symbolic.ts";
import { checkKeys } from "../names/check-keys.ts";
import { registerClass } from "../names/class-registry.ts";
import { describeValue } from "../names/describe.ts";
import { Tensor } from "../tensor/index.ts";
import { nodesBetween } from "./graph.ts";
import { Model } from "./model.ts";
import type { SummaryRow } from "./summary.ts";
import { buildGraph, describeGraph, type Topology } from "./topology.ts";

/** What `model` takes. */
export interface ModelConfig<Outputs> extends Pick<LayerConfig, "name" | "trainable"> {
  /** Where data enters: what `input()` gave. */
  readonly inputs: SymbolicTensor | readonly SymbolicTensor[];
  /** What the model gives: what layers made of the inputs. A list makes the model give a list. */
  readonly outputs: Outputs;
}

/**
 * A model of layers that were applied to symbolic tensors: any graph without circles. Made by `model()`.
 *
 * Counterpart of `tf.LayersModel` and Keras's functional models.
 */
export class FunctionalModel<Count extends OutputCount = OutputCount> extends Model<Count> {
  static override readonly className: string = "Functional";

  readonly #inputs: readonly SymbolicTensor[];
  readonly #outputs: readonly SymbolicTensor[];
  readonly #givesList: boolean;
  readonly #nodes: readonly LayerNode[];
  readonly #layers: readonly AnyLayer[];

  constructor(config: ModelConfig<SymbolicTensor | readonly SymbolicTensor[]>) {
    super(config);
    this.#inputs = asList(config.inputs);
    this.#outputs = asList(config.outputs);
    this.#givesList = Array.isArray(config.outputs);
    this.#nodes = nodesBetween(this.name, this.#inputs, this.#outputs);
    this.#layers = [...new Set(this.#nodes.map((node) => node.layer))].filter(isLayer);
    checkNames(this.name, this.#layers);
    this.built = true;
    if (config.trainable === false) this.trainable = false;
  }

  override get layers(): readonly AnyLayer[] {
    return this.#layers;
  }

  override get inputs(): readonly SymbolicTensor[] {
    return this.#inputs;
  }

  override get outputs(): readonly SymbolicTensor[] {
    return this.#outputs;
  }

  protected override get givesList(): boolean {
    return this.#givesList;
  }

  override get outputNames(): readonly string[] {
    return this.#outputs.map((output) => output.name);
  }

  override computeOutputShape(inputShape: LayerShapes): LayerShapes {
    const shapes = new Map<SymbolicTensor, LayerShape>();
    shapeList(inputShape).forEach((shape, i) => {
      const input = this.#inputs[i];
      if (input !== undefined) shapes.set(input, shape);
    });
    const shapeOf = (symbol: SymbolicTensor): LayerShape => shapes.get(symbol) ?? symbol.shape;
    for (const node of this.#nodes) {
      if (!isLayer(node.layer)) continue;
      const given =
        node.inputs instanceof SymbolicTensor ? shapeOf(node.inputs) : node.inputs.map(shapeOf);
      const results = shapeList(node.layer.computeOutputShape(given, node.kwargs));
      node.outputs.forEach((output, i) => {
        shapes.set(output, results[i] ?? output.shape);
      });
    }
    const results = this.#outputs.map(shapeOf);
    const [first] = results;
    return results.length === 1 && first !== undefined ? first : results;
  }

  override computeOutputDType(_inputDType: DType): DType {
    return this.#outputs[0]?.dtype ?? "float32";
  }

  override call(inputs: Tensor | readonly Tensor[], { training }: CallOptions): Tensor | Tensor[] {
    const values = new Map<SymbolicTensor, Tensor>();
    const given = inputs instanceof Tensor ? [inputs] : inputs;
    if (given.length !== this.#inputs.length) {
      throw new ArgumentError(
        `${this.name}: received ${given.length} inputs. Expected ${this.#inputs.length}: ` +
          `${this.inputNames.join(", ")}.`,
      );
    }
    given.forEach((tensor, i) => {
      const input = this.#inputs[i];
      if (input !== undefined) values.set(input, tensor);
    });
    const resolve = (symbol: SymbolicTensor): Tensor => {
      const value = values.get(symbol);
      if (value === undefined) throw new RangeError(`${this.name}: nothing for ${symbol.name}`);
      return value;
    };
    for (const node of this.#nodes) {
      const results = node.run(resolve, { training });
      node.outputs.forEach((output, i) => {
        const result = results[i];
        if (result !== undefined) values.set(output, result);
      });
    }
    const results = this.#outputs.map(resolve);
    this.outputMasks = results.map(maskOf);
    const [first] = results;
    return this.#givesList || first === undefined ? results : first;
  }

  override getConfig(): ConfigDict {
    const outputs = this.#givesList ? this.#outputs : (this.#outputs[0] ?? []);
    const graph = { inputs: this.#inputs, outputs, nodes: this.#nodes };
    return { ...super.getConfig(), ...describeGraph(this.name, graph) };
  }

  static override fromConfig<L>(
    this: new (
      config: never,
    ) => L,
    { name, trainable, ...topology }: ConfigDict,
  ): L {
    const graph = buildGraph(String(name), topology as unknown as Topology);
    return new this({ name, trainable, ...graph } as never);
  }

  protected override summaryRows(): readonly SummaryRow[] {
    return this.#nodes
      .filter((node) => isLayer(node.layer))
      .map((node) => ({
        layer: node.layer as AnyLayer,
        outputShapes: node.outputs.map((output) => output.shape),
      }));
  }
}

registerClass(FunctionalModel);

/**
 * A model from its inputs and outputs: branches, several inputs or outputs, shared layers.
 *
 * Counterpart of `tf.model` and `keras.Model(inputs, outputs)`.
 *
 * @example
 * const x = sl.input({ shape: [10, 2] });
 * const h = sl.layers.lstm({ units: 8 }).apply(x);
 * const net = sl.model({ inputs: x, outputs: sl.layers.dense({ units: 1 }).apply(h) });
 *
 * @throws {ArgumentError} when the outputs depend on an input that is not listed, or two layers share a name.
 */
export function model(config: ModelConfig<SymbolicTensor>): FunctionalModel<"one">;
export function model(config: ModelConfig<readonly SymbolicTensor[]>): FunctionalModel<"many">;
export function model(
  config: ModelConfig<SymbolicTensor | readonly SymbolicTensor[]>,
): FunctionalModel {
  checkKeys("model", config, {
    inputs: "any",
    outputs: "any",
    name: "string",
    trainable: "boolean",
  });
  checkSymbolic("inputs", config.inputs);
  checkSymbolic("outputs", config.outputs);
  return new FunctionalModel(config);
}

/** @throws {ArgumentError} for anything but symbolic tensors. */
function checkSymbolic(which: "inputs" | "outputs", given: unknown): void {
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  const wrong = list.find((one) => !(one instanceof SymbolicTensor));
  if (list.length > 0 && wrong === undefined && list.every((one) => one !== undefined)) return;
  const advice =
    which === "inputs"
      ? "what sl.input({ shape: [10, 1] }) gave"
      : "what layers made of the inputs";
  throw new ArgumentError(
    `model: received ${describeValue(list.length === 0 ? given : wrong)} among ${which}. Expected symbolic tensors: ${advice}.`,
  );
}

function isLayer(layer: unknown): layer is AnyLayer {
  return layer instanceof Layer;
}

function checkNames(label: string, layers: readonly AnyLayer[]): void {
  const seen = new Set<string>();
  for (const { name } of layers) {
    if (seen.has(name)) {
      throw new ArgumentError(
        `${label}: two layers are called "${name}". Expected names of their own.`,
      );
    }
    seen.add(name);
  }
}
