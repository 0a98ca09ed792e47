import { ShapeError } from "../errors.ts";
import type { DType } from "../graph/dtype.ts";
import type { Shape } from "../graph/shape.ts";
import type { TensorLike } from "./convert.ts";
import { BINARY, OTHERS, REDUCE, UNARY } from "./method-names.ts";
import * as activation from "./ops/activation.ts";
import * as arithmetic from "./ops/arithmetic.ts";
import * as convolution from "./ops/convolution.ts";
import * as cumulative from "./ops/cumulative.ts";
import * as elementary from "./ops/elementary.ts";
import * as gathering from "./ops/gather.ts";
import * as joining from "./ops/joining.ts";
import * as logical from "./ops/logical.ts";
import * as matrix from "./ops/matrix.ts";
import * as movement from "./ops/movement.ts";
import * as normalization from "./ops/normalization.ts";
import * as pooling from "./ops/pooling.ts";
import type { NormOrder } from "./ops/reduction.ts";
import * as reduction from "./ops/reduction.ts";
import * as scattering from "./ops/scatter.ts";
import type { AxisArgument } from "./ops/shape-arguments.ts";
import * as slicing from "./ops/slicing.ts";
import * as striding from "./ops/strided-slice.ts";
import * as trigonometry from "./ops/trigonometry.ts";
import type { Tensor } from "./tensor.ts";

type UnaryMethod = () => Tensor;
type BinaryMethod = (b: TensorLike) => Tensor;
type ReduceMethod = (axis?: AxisArgument, keepDims?: boolean) => Tensor;
type PerAxis = number | readonly [number, number];
type FilterPadding = "valid" | "same" | number;
type CumulativeMethod = (axis?: number, exclusive?: boolean, reverse?: boolean) => Tensor;

/** Ops with the tensor itself in the place of their first argument; documented at the functions. */
export interface TensorMethods extends UnaryMethods, BinaryMethods, ReduceMethods {
  cast(dtype: DType): Tensor;
  /** `cast("float32")` */
  toFloat(): Tensor;
  /** `cast("int32")` */
  toInt(): Tensor;
  /** `cast("bool")` */
  toBool(): Tensor;
  reshape(shape: Shape): Tensor;
  /** `cast(dtype)` */
  asType(dtype: DType): Tensor;
  /** `reshape([])`, of one element. */
  asScalar(): Tensor;
  /** `flatten()` */
  as1D(): Tensor;
  /** `reshape([rows, columns])` */
  as2D(rows: number, columns: number): Tensor;
  /** `reshape` to three axes. */
  as3D(rows: number, columns: number, depth: number): Tensor;
  /** `reshape` to four axes. */
  as4D(rows: number, columns: number, depth: number, depth2: number): Tensor;
  /** `reshape(x.shape)` */
  reshapeAs(x: Tensor): Tensor;
  transpose(permutation?: readonly number[]): Tensor;
  expandDims(axis?: number): Tensor;
  squeeze(axis?: AxisArgument): Tensor;
  broadcastTo(shape: Shape): Tensor;
  tile(reps: readonly number[]): Tensor;
  reverse(axis?: AxisArgument): Tensor;
  slice(begin: number | readonly number[], size?: number | readonly number[]): Tensor;
  stridedSlice(
    begin: readonly number[],
    end: readonly number[],
    strides?: readonly number[],
    beginMask?: number,
    endMask?: number,
    ellipsisMask?: number,
    newAxisMask?: number,
    shrinkAxisMask?: number,
  ): Tensor;
  pad(paddings: readonly (readonly [number, number])[], constantValue?: number): Tensor;
  mirrorPad(
    paddings: readonly (readonly [number, number])[],
    mode: "reflect" | "symmetric",
  ): Tensor;
  /** This tensor and then the others, end to end. */
  concat(others: Tensor | readonly Tensor[], axis?: number): Tensor;
  /** This tensor and another along a new axis. */
  stack(other: Tensor, axis?: number): Tensor;
  unstack(axis?: number): Tensor[];
  split(numOrSizes: number | readonly number[], axis?: number): Tensor[];
  gather(indices: TensorLike, axis?: number, batchDims?: number): Tensor;
  /** This tensor where the condition holds, `b` elsewhere. */
  where(condition: TensorLike, b: TensorLike): Tensor;
  matMul(b: TensorLike, transposeA?: boolean, transposeB?: boolean): Tensor;
  conv1d(
    filter: TensorLike,
    stride: number,
    pad: FilterPadding,
    dataFormat?: "NWC",
    dilation?: number,
  ): Tensor;
  conv2d(
    filter: TensorLike,
    strides: PerAxis,
    pad: FilterPadding,
    dataFormat?: "NHWC",
    dilations?: PerAxis,
  ): Tensor;
  maxPool(filterSize: PerAxis, strides: PerAxis, pad: FilterPadding): Tensor;
  avgPool(filterSize: PerAxis, strides: PerAxis, pad: FilterPadding): Tensor;
  argMax(axis?: number): Tensor;
  argMin(axis?: number): Tensor;
  cumsum: CumulativeMethod;
  cumprod: CumulativeMethod;
  norm(ord?: NormOrder, axis?: AxisArgument, keepDims?: boolean): Tensor;
  unsortedSegmentSum(segmentIds: TensorLike, numSegments: number): Tensor;
  topk(k?: number): { values: Tensor; indices: Tensor };
  clipByValue(min: number, max: number): Tensor;
  leakyRelu(alpha?: number): Tensor;
  step(alpha?: number): Tensor;
  softmax(axis?: number): Tensor;
  logSoftmax(axis?: number): Tensor;
}

type UnaryMethods = Record<(typeof UNARY)[number], UnaryMethod>;
type BinaryMethods = Record<(typeof BINARY)[number], BinaryMethod>;
type ReduceMethods = Record<(typeof REDUCE)[number], ReduceMethod>;

const FUNCTIONS = {
  ...activation,
  ...arithmetic,
  ...cumulative,
  ...elementary,
  ...gathering,
  ...logical,
  ...matrix,
  ...movement,
  ...normalization,
  ...reduction,
  ...scattering,
  ...slicing,
  ...striding,
  ...trigonometry,
  split: joining.split,
  unstack: joining.unstack,
  conv1d: convolution.conv1d,
  conv2d: convolution.conv2d,
  maxPool: pooling.maxPool,
  avgPool: pooling.avgPool,
};

/** Those whose function takes the tensor in another place, or that have no function. */
const SPECIAL = {
  toFloat: (x: Tensor) => movement.cast(x, "float32"),
  toInt: (x: Tensor) => movement.cast(x, "int32"),
  toBool: (x: Tensor) => movement.cast(x, "bool"),
  asType: (x: Tensor, dtype: DType) => movement.cast(x, dtype),
  asScalar: (x: Tensor) => movement.reshape(x, []),
  as1D: (x: Tensor) => movement.flatten(x),
  as2D: (x: Tensor, ...shape: number[]) => ofRank(x, 2, shape),
  as3D: (x: Tensor, ...shape: number[]) => ofRank(x, 3, shape),
  as4D: (x: Tensor, ...shape: number[]) => ofRank(x, 4, shape),
  reshapeAs: (x: Tensor, other: Tensor) => movement.reshape(x, other.shape),
  concat: (x: Tensor, others: Tensor | readonly Tensor[], axis?: number) =>
    joining.concat([x, ...[others].flat()], axis),
  stack: (x: Tensor, other: Tensor, axis?: number) => joining.stack([x, other], axis),
  where: (x: Tensor, condition: TensorLike, b: TensorLike) => logical.where(condition, x, b),
};

/** A size that was left out must not make a tensor of another rank. */
function ofRank(x: Tensor, rank: number, shape: readonly number[]): Tensor {
  if (shape.length === rank) return movement.reshape(x, shape);
  throw new ShapeError(
    `as${rank}D: received ${shape.length} sizes. Expected ${rank}, e.g. ` +
      `as${rank}D(${new Array(rank).fill(1)}).`,
  );
}

// The class itself knows no op: the arrow points from here to tensor.ts only.
declare module "./tensor.ts" {
  interface Tensor extends TensorMethods {}
}

/** Puts the ops on `Tensor.prototype`. Doing it twice is harmless. */
export function installMethods(target: { readonly prototype: object }): void {
  for (const name of [...UNARY, ...BINARY, ...REDUCE, ...OTHERS]) {
    install(target.prototype, name, FUNCTIONS[name]);
  }
  for (const [name, method] of Object.entries(SPECIAL)) install(target.prototype, name, method);
}

function install(
  prototype: object,
  name: string,
  call: (x: Tensor, ...rest: never[]) => unknown,
): void {
  Object.defineProperty(prototype, name, {
    value: function method(this: Tensor, ...rest: never[]): unknown {
      return call(this, ...rest);
    },
    writable: true,
    configurable: true,
  });
}
