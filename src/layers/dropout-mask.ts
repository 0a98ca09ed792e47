import { HostScalar } from "../graph/host-scalar.ts";
import { ops } from "../ops/index.ts";
import { uniformBits } from "../ops/random-bits.ts";
import { isTracing, ownStream, randomKey, Tensor } from "../tensor/index.ts";

/**
 * The keys of a layer's random choices: a new one each call, also in a compiled function that
 * replays.
 */
export class DropoutKeys {
  readonly #seed: number | undefined;
  #drawn = 0;

  /** Without a seed the keys come from the stream in force: a model's in training, else that of `setSeed`. */
  constructor(seed: number | undefined) {
    this.#seed = seed;
  }

  next(): HostScalar {
    const seed = this.#seed;
    if (seed === undefined) return randomKey();
    // In training the model's stream counts the draws: it is saved with the model, this object is not.
    const count = (): number => {
      const stream = ownStream();
      return stream === null ? this.#drawn++ : stream.draws++;
    };
    const draw = (): number => uniformBits(seed, count()) | 0;
    return isTracing() ? new HostScalar(draw, "int32") : HostScalar.of(draw(), "int32");
  }
}

/** 0 with probability `rate`, else 1 / (1 - rate); as a factor it keeps the mean. */
export function dropoutMask(shape: readonly number[], rate: number, keys: DropoutKeys): Tensor {
  const drawn = ops.randomUniform(shape, keys.next());
  const keep = ops.greaterEqual(drawn, ops.scalar(HostScalar.of(rate)));
  const scale = ops.scalar(HostScalar.of(1 / (1 - rate)));
  return Tensor.of(ops.where(keep, scale, ops.literal(0)));
}
