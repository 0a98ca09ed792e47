import { ops } from "../ops/index.ts";
import { Tensor } from "../tensor/index.ts";
import { positiveNumber, singleInput } from "./arguments.ts";
import { checkConfig, type OwnKeys } from "./check-config.ts";
import { Layer } from "./layer.ts";
import type { ConfigDict, LayerConfig } from "./layer-types.ts";
import {
  firstPosition,
  type PositionCallOptions,
  positionAngles,
  positionsFrom,
} from "./positions.ts";

/** What `layers.sinePositionEncoding` takes. */
export interface SinePositionEncodingConfig extends LayerConfig {
  /** Wavelengths grow from 2π steps to nearly 2π times this number, by equal factors. Default 10,000. */
  readonly maxWavelength?: number;
}

const keys: OwnKeys<SinePositionEncodingConfig> = { maxWavelength: "number" };

/** Waves of growing length, one value of each for a position: [B, T, D] → [B, T, D]. No weights. */
export class SinePositionEncoding extends Layer {
  static override readonly className = "SinePositionEncoding";
  readonly maxWavelength: number;

  constructor(config: SinePositionEncodingConfig = {}) {
    super(checkConfig("layers.sinePositionEncoding", config, keys));
    this.maxWavelength = positiveNumber(
      config.maxWavelength ?? 10_000,
      `${this.name}: maxWavelength`,
    );
    this.supportsMasking = true;
    this.inputSpec = [{ minNDim: 2 }];
  }

  override call(inputs: Tensor | readonly Tensor[], kwargs: PositionCallOptions = {}): Tensor {
    const { shape } = singleInput(inputs, this.name); // [.., T, D]
    const [steps = 1, width = 1] = shape.slice(-2);
    const columns = Array.from({ length: width }, (_, d) => ({
      frequency: this.maxWavelength ** -((d - (d % 2)) / width),
      shift: (d % 2) / 4, // a cosine is a sine a quarter of a turn ahead
    }));
    const positions = positionsFrom(firstPosition(this.name, kwargs), steps); // [T]
    const encodings = ops.sin(positionAngles(positions, columns)); // [T, D]
    return Tensor.of(ops.broadcastTo(encodings, shape));
  }

  override getConfig(): ConfigDict {
    return { ...super.getConfig(), maxWavelength: this.maxWavelength };
  }
}

/**
 * Positions as waves: [B, T, D] → [B, T, D], the same for every row, with
 *
 *     encoding[t, 2i] = sin(t · maxWavelength^(-2i/D))      encoding[t, 2i+1] = cos(the same)
 *
 * Of the input only the shape counts; add the result to it. Any length, no weights. A call takes `startIndex`, the
 * position of the first step. Accurate to 1e-6 at any position.
 *
 * @example
 * const x = sl.zeros([1, 2, 4]);
 * await sl.layers.sinePositionEncoding().apply(x).array(); // [[[0, 1, 0, 1], [0.8415, 0.5403, 0.01, 0.9999]]]
 * @param config The options of {@link SinePositionEncodingConfig}.
 * @see Vaswani et al. 2017, arXiv:1706.03762; KerasHub `keras_hub.layers.SinePositionEncoding`
 */
export function sinePositionEncoding(config?: SinePositionEncodingConfig): SinePositionEncoding {
  return new SinePositionEncoding(config);
}
