import type { DType } from "../graph/dtype.ts";
import { sizeOf } from "../graph/shape.ts";
import {
  getInitializer,
  Initializer,
  type InitializerLike,
  serializeInitializer,
} from "../initializers/index.ts";
import { wholeNumber } from "../names/whole-number.ts";
import {
  add,
  clipByValue,
  concat,
  matMul,
  mul,
  ones,
  slice,
  type Tensor,
} from "../tensor/index.ts";
import { type CellKind, type MoreWeight, positiveBound } from "./gates.ts";
import type { GatedStepConfig } from "./step-config.ts";

/** What decides the steps of an LSTM. */
export interface LSTMStepConfig extends GatedStepConfig {
  /**
   * Whether the bias of the forget gate begins with ones (Jozefowicz et al. 2015). Default true.
   */
  readonly unitForgetBias?: boolean;
  /**
   * Size P of a projection of the output, PyTorch's `proj_size`: h = (o·activation(c))·projection_kernel is what goes
   * out and comes back as state [B, P]; c keeps [B, H]. Default none.
   */
  readonly projSize?: number | null;
  /** First values of `projection_kernel` [H, P]. Default `"glorotUniform"`. */
  readonly projectionInitializer?: InitializerLike;
  /** Holds c in [-cellClip, cellClip] before the output is made of it, as TensorFlow and cuDNN do. Default none. */
  readonly cellClip?: number | null;
  /**
   * Whether the gates see the cell: i and f that of the step before, o the new one (Gers and Schmidhuber 2000,
   * doi:10.1109/IJCNN.2000.861302). Default false.
   */
  readonly usePeepholes?: boolean;
  /** First values of `peephole_kernel` [3H]: for i, o, f, the order of P in ONNX. Default `"zeros"`. */
  readonly peepholeInitializer?: InitializerLike;
}

/** Rules for the keys that it adds to those of all gated kinds. */
export const lstmKeys = {
  recurrentActivation: "any",
  unitForgetBias: "boolean",
  projSize: "number",
  projectionInitializer: "any",
  cellClip: "number",
  usePeepholes: "boolean",
  peepholeInitializer: "any",
} as const;

const GATES = 4;
const [I, F, C, O] = [0, 1, 2, 3] as const;
/** Blocks of the peephole kernel. */
const PEEPHOLES = { i: 0, o: 1, f: 2 } as const;

/** @throws {ArgumentError} for sizes and bounds that are not allowed. */
export function lstmKind(owner: string, config: LSTMStepConfig): CellKind {
  const projection = config.projSize ?? null;
  if (projection !== null) wholeNumber(projection, `${owner}: projSize`);
  const cellClip = positiveBound(config.cellClip, `${owner}: cellClip`);
  const usePeepholes = config.usePeepholes ?? false;
  const unitForgetBias = config.unitForgetBias ?? true;
  const projectionFirst = getInitializer(config.projectionInitializer ?? "glorotUniform");
  const peepholeFirst = getInitializer(config.peepholeInitializer ?? "zeros");
  return {
    cell: "lstm",
    gates: GATES,
    states: ["h", "c"],
    stateSizes: (units) => [projection ?? units, units],
    resetAfter: false,
    isFused: projection === null && cellClip === null && !usePeepholes,
    step: ({ input, product, state, activation, recurrentActivation, weight }) => {
      const [h, before] = [state(0), state(1)]; // [B, H], h [B, P] with a projection
      const sum = (gate: number) => add(input(gate), product(gate, h));
      const peep = (total: Tensor, gate: keyof typeof PEEPHOLES, cell: Tensor): Tensor => {
        if (!usePeepholes) return total;
        const units = cell.shape[1] ?? 1;
        const factors = slice(weight("peephole_kernel"), [PEEPHOLES[gate] * units], [units]);
        return add(total, mul(cell, factors));
      };
      const i = recurrentActivation(peep(sum(I), "i", before));
      const f = recurrentActivation(peep(sum(F), "f", before));
      const free = add(mul(f, before), mul(i, activation(sum(C))));
      const c = cellClip === null ? free : clipByValue(free, -cellClip, cellClip);
      const o = recurrentActivation(peep(sum(O), "o", c));
      const output = mul(o, activation(c));
      return [projection === null ? output : matMul(output, weight("projection_kernel")), c];
    },
    moreWeights: (units) => [
      ...more(projection !== null, {
        name: "projection_kernel",
        shape: [units, projection ?? units],
        initializer: projectionFirst,
      }),
      ...more(usePeepholes, {
        name: "peephole_kernel",
        shape: [3 * units],
        initializer: peepholeFirst,
      }),
    ],
    firstBias: (initializer) => (unitForgetBias ? new ForgetBias(initializer) : initializer),
    config: {
      unitForgetBias,
      ...(projection === null
        ? {}
        : {
            projSize: projection,
            projectionInitializer: serializeInitializer(projectionFirst),
          }),
      ...(cellClip === null ? {} : { cellClip }),
      ...(usePeepholes
        ? { usePeepholes, peepholeInitializer: serializeInitializer(peepholeFirst) }
        : {}),
    },
  };
}

function more(wanted: boolean, weight: MoreWeight): MoreWeight[] {
  return wanted ? [weight] : [];
}

/** Ones in block f of [4H], another initializer's values in the others. */
class ForgetBias extends Initializer {
  static override readonly className = "ForgetBias";
  readonly #others: Initializer;

  constructor(others: Initializer) {
    super();
    this.#others = others;
  }

  override apply(shape: readonly number[], dtype: DType = "float32"): Tensor {
    const units = sizeOf(shape) / GATES;
    const others = (count: number): Tensor => this.#others.apply([count], dtype);
    return concat([others(units), ones([units], dtype), others(2 * units)]); // i, f, then c and o
  }

  override getConfig(): Record<string, unknown> {
    return {};
  }
}
