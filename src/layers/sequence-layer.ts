import type { Tensor } from "../tensor/index.ts";
import { Layer } from "./layer.ts";
import { type LayerShapes, shapeList } from "./layer-shape.ts";
import type { CallOptions, LayerConfig, Mask, OutputCount } from "./layer-types.ts";
import { maskOfCall } from "./sequence-lengths.ts";

/**
 * What all layers have in common that run over a sequence [B, T, I]: states may follow it in the list of inputs, and
 * `sequenceLengths` may stand for the mask.
 */
export abstract class SequenceLayer<Count extends OutputCount = "one"> extends Layer<Count> {
  constructor(config: LayerConfig) {
    super(config);
    this.supportsMasking = true;
    this.inputSpec = [{ ndim: 3 }];
  }

  /** The sequence alone is checked here: states that follow it in the list have their own rule. */
  override ensureBuilt(shapes: LayerShapes): void {
    super.ensureBuilt(shapeList(shapes)[0] ?? []);
  }

  protected override maskFor(inputs: Tensor | readonly Tensor[], kwargs: CallOptions): Mask {
    return maskOfCall(super.maskFor(inputs, kwargs), inputs, { layer: this.name, kwargs });
  }
}
