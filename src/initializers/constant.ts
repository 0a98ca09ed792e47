import { ShapeError } from "../errors.ts";
import { formatShape, type Shape, sizeOf } from "../graph/shape.ts";
import { Initializer } from "./initializer.ts";

/** Zeros. */
export class Zeros extends Initializer {
  static override readonly className = "Zeros";

  override values(shape: Shape): Float32Array {
    return new Float32Array(sizeOf(shape));
  }

  override getConfig(): Record<string, unknown> {
    return {};
  }
}

/** Ones. */
export class Ones extends Initializer {
  static override readonly className = "Ones";

  override values(shape: Shape): Float32Array {
    return new Float32Array(sizeOf(shape)).fill(1);
  }

  override getConfig(): Record<string, unknown> {
    return {};
  }
}

/** The same number everywhere. */
export class Constant extends Initializer {
  static override readonly className = "Constant";
  readonly value: number;

  /** @param config `value`: the number, 0 by default. */
  constructor(config: { readonly value?: number } = {}) {
    super();
    this.value = config.value ?? 0;
  }

  override values(shape: Shape): Float32Array {
    return new Float32Array(sizeOf(shape)).fill(this.value);
  }

  override getConfig(): Record<string, unknown> {
    return { value: this.value };
  }
}

/** A matrix with `gain` on the diagonal and zeros elsewhere. */
export class Identity extends Initializer {
  static override readonly className = "Identity";
  readonly gain: number;

  /** @param config `gain`: the diagonal, 1 by default. */
  constructor(config: { readonly gain?: number } = {}) {
    super();
    this.gain = config.gain ?? 1;
  }

  override values(shape: Shape): Float32Array {
    const [rows = 0, columns = 0] = shape;
    if (shape.length !== 2) {
      throw new ShapeError(
        `identity initializer: received shape ${formatShape(shape)}. Expected a matrix.`,
        { details: { shape } },
      );
    }
    const values = new Float32Array(rows * columns);
    for (let i = 0; i < Math.min(rows, columns); i++) values[i * columns + i] = this.gain;
    return values;
  }

  override getConfig(): Record<string, unknown> {
    return { gain: this.gain };
  }
}
