import { ArgumentError, ShapeError } from "../errors.ts";
import { broadcastShapes } from "../graph/shape.ts";
import {
  add,
  concat,
  div,
  logicalAnd,
  maximum,
  minimum,
  mul,
  ones,
  sub,
  Tensor,
} from "../tensor/index.ts";
import { checkConfig, type OwnKeys } from "./check-config.ts";
import { Layer } from "./layer.ts";
import { formatLayerShape, type LayerShape, type LayerShapes, shapeList } from "./layer-shape.ts";
import type { ConfigDict, LayerConfig, Mask } from "./layer-types.ts";
import { asList } from "./symbolic.ts";

/**
 * A layer of several inputs and one output. A step counts where it counts in every input with a
 * mask.
 */
abstract class Merge extends Layer {
  constructor(config: LayerConfig = {}, keys: OwnKeys<LayerConfig> = {}) {
    super(checkConfig(`layers.${new.target.className.toLowerCase()}`, config, keys));
    this.supportsMasking = true;
  }

  protected abstract merge(inputs: readonly Tensor[]): Tensor;

  override call(inputs: Tensor | readonly Tensor[]): Tensor {
    return this.merge(this.#several(asList(inputs)));
  }

  override computeOutputShape(inputShape: LayerShapes): LayerShape {
    const [first = [], ...others] = this.#several(shapeList(inputShape));
    return others.reduce((merged, shape) => broadcastKnown(merged, shape, this.name), first);
  }

  override computeMask(_inputs: Tensor | readonly Tensor[], mask: Mask): Tensor | null {
    const present = (mask instanceof Tensor ? [mask] : (mask ?? [])).filter((one) => one !== null);
    const [first, ...others] = present;
    return first === undefined ? null : others.reduce((all, one) => logicalAnd(all, one), first);
  }

  #several<T>(inputs: readonly T[]): readonly T[] {
    if (inputs.length >= 2) return inputs;
    throw new ArgumentError(`${this.name}: received ${inputs.length} input. Expected 2 or more.`);
  }
}

/** A merge that works element by element, two inputs at a time. */
abstract class PairwiseMerge extends Merge {
  protected abstract pair(a: Tensor, b: Tensor): Tensor;

  protected override merge([first, ...others]: readonly Tensor[]): Tensor {
    if (first === undefined) throw new ArgumentError(`${this.name}: received no input.`);
    return others.reduce((merged, one) => this.pair(merged, one), first);
  }
}

/** Sum of the inputs, which broadcast. */
export class Add extends PairwiseMerge {
  static override readonly className = "Add";
  protected override pair(a: Tensor, b: Tensor): Tensor {
    return add(a, b);
  }
}

/** The first input minus the second. */
export class Subtract extends PairwiseMerge {
  static override readonly className = "Subtract";
  protected override pair(a: Tensor, b: Tensor): Tensor {
    return sub(a, b);
  }
}

/** Product of the inputs, which broadcast. */
export class Multiply extends PairwiseMerge {
  static override readonly className = "Multiply";
  protected override pair(a: Tensor, b: Tensor): Tensor {
    return mul(a, b);
  }
}

/** Mean of the inputs, which broadcast. */
export class Average extends PairwiseMerge {
  static override readonly className = "Average";
  protected override pair(a: Tensor, b: Tensor): Tensor {
    return add(a, b);
  }
  protected override merge(inputs: readonly Tensor[]): Tensor {
    return div(super.merge(inputs), inputs.length);
  }
}

/** The largest of the inputs, which broadcast. */
export class Maximum extends PairwiseMerge {
  static override readonly className = "Maximum";
  protected override pair(a: Tensor, b: Tensor): Tensor {
    return maximum(a, b);
  }
}

/** The smallest of the inputs, which broadcast. */
export class Minimum extends PairwiseMerge {
  static override readonly className = "Minimum";
  protected override pair(a: Tensor, b: Tensor): Tensor {
    return minimum(a, b);
  }
}

/** What `layers.concatenate` takes. */
export interface ConcatenateConfig extends LayerConfig {
  /** The axis along which the inputs are joined. Default -1, the last. */
  readonly axis?: number;
}

/** The inputs one after the other along an axis; the other axes have to agree. */
export class Concatenate extends Merge {
  static override readonly className = "Concatenate";
  readonly axis: number;

  constructor(config: ConcatenateConfig = {}) {
    super(config, { axis: "number" });
    this.axis = config.axis ?? -1;
  }

  protected override merge(inputs: readonly Tensor[]): Tensor {
    return concat([...inputs], this.axis);
  }

  override computeOutputShape(inputShape: LayerShapes): LayerShape {
    const shapes = shapeList(inputShape);
    const [first = []] = shapes;
    const axis = this.axis < 0 ? this.axis + first.length : this.axis;
    const agree = (shape: LayerShape): boolean =>
      shape.length === first.length &&
      shape.every((dim, i) => i === axis || dim === null || first[i] === null || dim === first[i]);
    if (axis < 0 || axis >= first.length || !shapes.every(agree)) {
      throw new ShapeError(
        `${this.name}: received shapes ${shapes.map(formatLayerShape).join(", ")}. Expected the ` +
          `same number of axes, and the same sizes except on axis ${this.axis}.`,
        { details: { shapes, axis: this.axis } },
      );
    }
    const sizes = shapes.map((shape) => shape[axis] ?? null);
    const joined = sizes.reduce((sum, dim) => (sum === null || dim === null ? null : sum + dim), 0);
    return first.map((dim, i) => (i === axis ? joined : dim));
  }

  override computeMask(inputs: Tensor | readonly Tensor[], mask: Mask): Tensor | null {
    const tensors = asList(inputs);
    const axis = this.axis < 0 ? this.axis + (tensors[0]?.rank ?? 0) : this.axis;
    const masks = mask instanceof Tensor ? [mask] : (mask ?? []);
    if (axis !== 1 || masks.every((one) => one === null)) return super.computeMask(inputs, mask);
    const parts = tensors.map((tensor, i) => masks[i] ?? allSteps(tensor));
    return concat(parts, 1);
  }

  override getConfig(): ConfigDict {
    return { ...super.getConfig(), axis: this.axis };
  }
}

/** A mask [B, T] that lets every step count. */
function allSteps(tensor: Tensor): Tensor {
  return ones(tensor.shape.slice(0, 2), "bool");
}

/**
 * The shape that both broadcast to; a size that is not known stays so unless the other side has it.
 */
function broadcastKnown(a: LayerShape, b: LayerShape, layer: string): LayerShape {
  const known = (shape: LayerShape): number[] => shape.map((dim) => dim ?? 1);
  const merged = broadcastShapes(known(a), known(b), layer);
  return merged.map((dim, axis) => {
    const x = a[axis - (merged.length - a.length)];
    const y = b[axis - (merged.length - b.length)];
    return dim === 1 && (x === null || y === null) ? null : dim;
  });
}
