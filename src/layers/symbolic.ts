import type { DType } from "../graph/dtype.ts";
import type { Tensor } from "../tensor/index.ts";
import type { LayerShape } from "./layer-shape.ts";

let nextId = 1;

/**
 * A tensor without data: a place in a functional model. `input()` makes the first ones; a layer
 * that is applied to symbolic tensors gives further ones. `model({ inputs, outputs })` makes a
 * model of them.
 */
export class SymbolicTensor {
  readonly id = nextId++;
  /** Batch first; null where the size is only known once there is data. */
  readonly shape: LayerShape;
  readonly dtype: DType;
  readonly name: string;
  /** The application of a layer that gives it; null for an input. */
  readonly node: LayerNode | null;
  /** Which of the outputs of `node` it is. */
  readonly outputIndex: number;

  constructor(options: SymbolicTensorOptions) {
    this.shape = options.shape;
    this.dtype = options.dtype ?? "float32";
    this.node = options.node ?? null;
    this.outputIndex = options.outputIndex ?? 0;
    this.name = options.name ?? `symbolic_${this.id}`;
  }

  get rank(): number {
    return this.shape.length;
  }
}

export interface SymbolicTensorOptions {
  readonly shape: LayerShape;
  readonly dtype?: DType;
  readonly name?: string;
  readonly node?: LayerNode;
  readonly outputIndex?: number;
}

/** Plain and symbolic tensors and lists of them, as arguments of a layer may hold them. */
export type Applied = Tensor | SymbolicTensor;

/** What a node calls: a layer, seen from here. */
export interface NodeLayer {
  readonly name: string;
  apply(
    inputs: Tensor | readonly Tensor[],
    kwargs: Readonly<Record<string, unknown>>,
  ): Tensor | Tensor[];
}

/** One application of a layer to symbolic tensors. A layer that is shared has several. */
export class LayerNode {
  readonly layer: NodeLayer;
  readonly inputs: SymbolicTensor | readonly SymbolicTensor[];
  /** As given to `apply`; may hold symbolic tensors (`initialState`). */
  readonly kwargs: Readonly<Record<string, unknown>>;
  readonly outputs: readonly SymbolicTensor[];

  constructor(
    layer: NodeLayer,
    inputs: SymbolicTensor | readonly SymbolicTensor[],
    options: {
      readonly kwargs: Readonly<Record<string, unknown>>;
      readonly outputs: readonly { readonly shape: LayerShape; readonly dtype: DType }[];
    },
  ) {
    this.layer = layer;
    this.inputs = inputs;
    this.kwargs = options.kwargs;
    const name = (index: number): string =>
      options.outputs.length === 1 ? layer.name : `${layer.name}:${index}`;
    this.outputs = options.outputs.map(
      (spec, outputIndex) =>
        new SymbolicTensor({ ...spec, node: this, outputIndex, name: name(outputIndex) }),
    );
  }

  /** Every symbolic tensor that the application reads, those in `kwargs` too. */
  get parents(): readonly SymbolicTensor[] {
    const found = [...asList(this.inputs)];
    for (const item of Object.values(this.kwargs).flat(Number.POSITIVE_INFINITY)) {
      if (item instanceof SymbolicTensor) found.push(item);
    }
    return found;
  }

  /**
   * Applies the layer to data: `resolve` gives the tensor that stands for a symbolic one. `more` is
   * added to the arguments (`training`). The results are in the order of `outputs`.
   */
  run(
    resolve: (symbolic: SymbolicTensor) => Tensor,
    more: Readonly<Record<string, unknown>> = {},
  ): readonly Tensor[] {
    const fill = (value: unknown): unknown => {
      if (value instanceof SymbolicTensor) return resolve(value);
      return Array.isArray(value) ? value.map(fill) : value;
    };
    const kwargs = Object.fromEntries(
      Object.entries(this.kwargs).map(([key, value]) => [key, fill(value)]),
    );
    const inputs =
      this.inputs instanceof SymbolicTensor ? resolve(this.inputs) : this.inputs.map(resolve);
    return asList(this.layer.apply(inputs, { ...kwargs, ...more }));
  }
}

/** Whether any of the inputs is symbolic. */
export function hasSymbolic(inputs: Applied | readonly Applied[]): boolean {
  return asList(inputs).some((one) => one instanceof SymbolicTensor);
}

/** One or several, as a list. */
export function asList<T extends Applied>(items: T | readonly T[]): readonly T[] {
  return Array.isArray(items) ? items : [items as T];
}
