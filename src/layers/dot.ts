import { ArgumentError, ShapeError } from "../errors.ts";
import { describeValue } from "../names/describe.ts";
import {
  div,
  matMul,
  maximum,
  reshape,
  sqrt,
  square,
  sum,
  type Tensor,
  transpose,
} from "../tensor/index.ts";
import { checkConfig, type OwnKeys } from "./check-config.ts";
import { Layer } from "./layer.ts";
import { formatLayerShape, type LayerShape, type LayerShapes, shapeList } from "./layer-shape.ts";
import type { ConfigDict, LayerConfig } from "./layer-types.ts";
import { asList } from "./symbolic.ts";

/** What `layers.dot` takes. */
export interface DotConfig extends LayerConfig {
  /**
   * The axis to sum over in both inputs, or one for each; never the batch, axis 0. Negative: from
   * the end.
   */
  readonly axes: number | readonly [number, number];
  /** Whether the inputs get length 1 along their axis first: cosines. Default false. */
  readonly normalize?: boolean;
}

/** Keeps the division of `normalize` finite for a vector of zeros; as Keras's `ops.normalize`, lengths above 1e-7. */
const SMALLEST_SQUARE = 1e-14;

const keys: OwnKeys<DotConfig> = { axes: "any", normalize: "boolean" };

/** Products of two inputs, example by example, summed over one axis of each. */
export class Dot extends Layer {
  static override readonly className = "Dot";
  readonly axes: number | readonly [number, number];
  readonly normalize: boolean;

  constructor(config: DotConfig) {
    super(checkConfig("layers.dot", config, keys));
    this.axes = checkAxes(config.axes, this.name);
    this.normalize = config.normalize ?? false;
  }

  override call(inputs: Tensor | readonly Tensor[]): Tensor {
    const [a, b] = pairOf(asList(inputs), this.name);
    const [axisA, axisB] = this.#axesOf(a.shape, b.shape);
    const left = rowsOf(this.normalize ? unit(a, axisA) : a, axisA); // [B, M, K]
    const right = rowsOf(this.normalize ? unit(b, axisB) : b, axisB); // [B, N, K]
    const product = matMul(left, right, false, true); // [B, M, N]
    return reshape(product, outputShape(a.shape, b.shape, [axisA, axisB]) as number[]);
  }

  override computeOutputShape(inputShape: LayerShapes): LayerShape {
    const [a, b] = pairOf(shapeList(inputShape), this.name);
    return outputShape(a, b, this.#axesOf(a, b));
  }

  /** Both axes counted from 0, checked against the shapes. */
  #axesOf(a: LayerShape, b: LayerShape): readonly [number, number] {
    const [axisA, axisB] = typeof this.axes === "number" ? [this.axes, this.axes] : this.axes;
    const [fromA, fromB] = [fromStart(axisA, a.length), fromStart(axisB, b.length)];
    const [sizeA, sizeB] = [a[fromA], b[fromB]];
    const isInside = fromA > 0 && fromB > 0 && sizeA !== undefined && sizeB !== undefined;
    if (isInside && (sizeA === sizeB || sizeA === null || sizeB === null)) return [fromA, fromB];
    throw new ShapeError(
      `${this.name}: received shapes ${formatLayerShape(a)} and ${formatLayerShape(b)}. Expected ` +
        `the same size on axes ${axisA} and ${axisB}, which are not the batch.`,
      { details: { shapes: [a, b], axes: this.axes } },
    );
  }

  override getConfig(): ConfigDict {
    const axes = typeof this.axes === "number" ? this.axes : [...this.axes];
    return { ...super.getConfig(), axes, normalize: this.normalize };
  }
}

/** @throws {ArgumentError} unless there is a whole number, or a pair of them. */
function checkAxes(axes: DotConfig["axes"], layer: string): DotConfig["axes"] {
  const isPair = Array.isArray(axes) && axes.length === 2;
  if ((isPair || typeof axes === "number") && [axes].flat().every(Number.isInteger)) return axes;
  throw new ArgumentError(
    `${layer}: axes is ${describeValue(axes)}. Expected a whole number, or one for each of two inputs.`,
  );
}

function pairOf<T>(inputs: readonly T[], layer: string): readonly [T, T] {
  const [a, b] = inputs;
  if (a !== undefined && b !== undefined && inputs.length === 2) return [a, b];
  throw new ArgumentError(`${layer}: received ${inputs.length} inputs. Expected 2.`);
}

function fromStart(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

/** [B, …] with `axis` last and the others joined: [B, rows, K]. */
function rowsOf(x: Tensor, axis: number): Tensor {
  const others = x.shape.map((_, i) => i).filter((i) => i !== 0 && i !== axis);
  const [batch = 1] = x.shape;
  const size = x.shape[axis] ?? 1;
  return reshape(transpose(x, [0, ...others, axis]), [batch, x.size / (batch * size), size]);
}

/** Length 1 along `axis`. */
function unit(x: Tensor, axis: number): Tensor {
  return div(x, sqrt(maximum(sum(square(x), axis, true), SMALLEST_SQUARE)));
}

/** Axes that are left of both, the batch once; [B, 1] when none is. */
function outputShape(a: LayerShape, b: LayerShape, axes: readonly [number, number]): LayerShape {
  const left = (shape: LayerShape, axis: number): LayerShape =>
    shape.filter((_, i) => i !== 0 && i !== axis);
  const rest = [...left(a, axes[0]), ...left(b, axes[1])];
  return [a[0] ?? null, ...(rest.length > 0 ? rest : [1])];
}

/**
 * Dot products of two inputs, example by example: along one axis of each.
 *
 * @example
 * const [queries, keys] = [sl.ones([2, 3, 8]), sl.ones([2, 5, 8])];
 * sl.layers.dot({ axes: 2 }).apply([queries, keys]).shape; // [2, 3, 5]
 * @param config `axes`: the axis to sum over, or one for each input; `normalize`: cosines instead.
 * @throws {ArgumentError} by `apply`, unless there are two inputs.
 * @throws {ShapeError} by `apply`, when the sizes on the axes differ.
 * @see Keras `keras.layers.Dot`
 */
export function dot(config: DotConfig): Dot {
  return new Dot(config);
}
