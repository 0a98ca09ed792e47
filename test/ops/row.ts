import {
  type DType,
  DTypeError,
  ShapeError,
  type SluiceError,
  type Tensor,
  type TensorLike,
} from "sluice";
import { fromHost } from "../../src/tensor/index.ts";
import type { ToleranceName } from "../helpers/tolerances.ts";

/** An argument of a sample: its elements by their flat index. */
export interface Input {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly at: (index: number) => number;
}

/** What an op is tried on. */
export interface Sample {
  /** Beside the shapes, for the message of a failure. */
  readonly label?: string;
  readonly inputs: readonly Input[];
  readonly run: (...xs: Tensor[]) => Tensor | readonly Tensor[];
  /** The op jumps at these inputs: no finite differences there. */
  readonly jumps?: boolean;
}

/** What an op has to refuse, and with which class of error. */
export interface Refusal {
  readonly error: new (message: string) => SluiceError;
  /** Must stand in the message, beside the name of the op. */
  readonly says: string | RegExp;
  readonly run: () => unknown;
}

/** One public op. */
export interface Row {
  readonly tolerance: ToleranceName;
  /** Tolerance of the gradient between GPU and float64; null: the op has none. */
  readonly gradient: ToleranceName | null;
  readonly samples: readonly Sample[];
  readonly refusals: readonly Refusal[];
  /** The op on plain numbers, written without the library; arguments broadcast. */
  readonly element?: (...xs: number[]) => number;
}

/** Distinct values of both signs, none near 0. */
export const wave = (i: number): number => 1.4 * Math.sin(1.3 * i + 0.4) + 0.15;
/** Distinct values from 0.4 to 3.5. */
export const positive = (i: number): number => 0.4 + ((i * 7) % 31) / 10;
/** Distinct values inside (-1, 1). */
export const inside = (i: number): number => 0.93 * Math.sin(1.9 * i + 1);
/** Distinct values above 1. */
export const aboveOne = (i: number): number => 1.2 + ((i * 5) % 23) / 8;

export function floats(shape: readonly number[], at = wave): Input {
  return { shape, dtype: "float32", at };
}

export function ints(
  shape: readonly number[],
  at = (i: number): number => ((i * 5) % 13) - 6,
): Input {
  return { shape, dtype: "int32", at };
}

export function bools(
  shape: readonly number[],
  at = (i: number): number => ((i * 7) % 5) % 2,
): Input {
  return { shape, dtype: "bool", at };
}

export function makeInput({ shape, dtype, at }: Input): Tensor {
  const size = shape.reduce((product, dim) => product * dim, 1);
  return fromHost(
    Array.from({ length: size }, (_, i) => at(i)),
    shape,
    dtype,
  );
}

/** Ranks 0 to 4, size 1, primes, more than one workgroup. */
export const SHAPES = [[], [1], [7], [2, 3], [13, 1], [3, 1, 5], [2, 1, 3, 2], [257]] as const;

/** Pairs that broadcast: equal, from either side, from both, from a scalar, along several axes. */
export const PAIRS: readonly (readonly [readonly number[], readonly number[]])[] = [
  [[], []],
  [[1], [1]],
  [[7], []],
  [[], [3, 2]],
  [[2, 3], [3]],
  [[3], [2, 3]],
  [
    [2, 1, 3],
    [4, 1],
  ],
  [
    [2, 1, 3, 1],
    [5, 1, 2],
  ],
  [[257], [257]],
];

interface ElementwiseOptions {
  readonly tolerance: ToleranceName;
  readonly element: (...xs: number[]) => number;
  readonly differentiable?: boolean;
  readonly at?: (index: number) => number;
  readonly samples?: readonly Sample[];
}

type UnaryFunction = (x: TensorLike) => Tensor;
type BinaryFunction = (a: TensorLike, b: TensorLike) => Tensor;

/** A row of an op of one float32 tensor. */
export function unaryRow(call: UnaryFunction, options: ElementwiseOptions): Row {
  const run = (x?: Tensor): Tensor => call(given(x));
  return {
    tolerance: options.tolerance,
    gradient: options.differentiable === false ? null : "gradient",
    element: options.element,
    samples: [
      ...SHAPES.map((shape) => ({ inputs: [floats(shape, options.at ?? wave)], run })),
      ...(options.samples ?? []),
    ],
    refusals: notATensor(call),
  };
}

/** A row of an op of two float32 tensors that broadcast. */
export function binaryRow(
  call: BinaryFunction,
  options: ElementwiseOptions & { readonly second?: (index: number) => number },
): Row {
  const second = options.second ?? ((i: number): number => 0.9 + Math.cos(2.1 * i + 1) / 2);
  const run = (a?: Tensor, b?: Tensor): Tensor => call(given(a), given(b));
  return {
    tolerance: options.tolerance,
    gradient: options.differentiable === false ? null : "gradient",
    element: options.element,
    samples: [
      ...PAIRS.map(([a, b]) => ({
        inputs: [floats(a, options.at ?? wave), floats(b, second)],
        run,
      })),
      ...(options.samples ?? []),
    ],
    refusals: [
      { error: ShapeError, says: "[2]", run: () => call([1, 2], [1, 2, 3]) },
      {
        error: ShapeError,
        says: "axis",
        run: () =>
          call(
            [[1], [2]],
            [
              [1, 2],
              [3, 4],
              [5, 6],
            ],
          ),
      },
      ...notATensor((x) => call(x, 1)),
      ...notATensor((x) => call(1, x)),
    ],
  };
}

/** What is no tensor at all, for every op that takes one. */
export function notATensor(call: (x: TensorLike) => unknown): Refusal[] {
  const refuse = (x: unknown): (() => unknown) => {
    return () => call(x as TensorLike);
  };
  return [
    { error: DTypeError, says: "string", run: refuse("text") },
    { error: DTypeError, says: /undefined/, run: refuse(undefined) },
    { error: ShapeError, says: "differ in length", run: refuse([[1, 2], [3]]) },
  ];
}

/** An argument that the sample is known to have. */
export function given(x: Tensor | undefined): Tensor {
  if (x === undefined) throw new RangeError("the sample lacks an input");
  return x;
}
