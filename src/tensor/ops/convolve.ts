import type { Value } from "../../graph/node.ts";
import { sizeOf } from "../../graph/shape.ts";
import { ops } from "../../ops/index.ts";
import { placeWindows, type WindowPadding } from "./window-placement.ts";

/** How a convolution moves over the axes between batch and channels. */
export interface ConvolutionRule {
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padding: WindowPadding;
  /** Output channels see the input channels of their group only. */
  readonly groups: number;
}

/**
 * Convolution (cross-correlation, as everywhere in machine learning): x [B, ..., I], kernel [..., I/groups, F] → [B, ..., F].
 *
 * The windows of x are written out as the rows of one matrix, U [B·windows, K·I], by a single kernel, and multiplied
 * with the kernel once. The gradients are two more products, dY·Kᵀ and Uᵀ·dY, and one addition of overlapping windows an
 * axis. Products of the taps one by one need 2K dispatches in place of two: docs/performance.md has the figures.
 */
export function convolve(
  x: Value,
  kernel: Value,
  { strides, dilations, padding, groups, label }: ConvolutionRule & { readonly label: string },
): Value {
  const sizes = kernel.shape.slice(0, -2);
  const rank = sizes.length;
  const placed = sizes.map((size, i) => {
    const [stride = 1, dilation = 1] = [strides[i], dilations[i]];
    return placeWindows(x.shape[i + 1] ?? 0, { size, stride, dilation, padding }, label);
  });
  const around = placed.map(({ before, after }) => [before, after] as const);
  let unfolded = ops.pad(x, [[0, 0], ...around, [0, 0]]);
  for (let i = rank - 1; i >= 0; i--) {
    const [size = 1, step = 1, dilation = 1] = [sizes[i], strides[i], dilations[i]];
    unfolded = ops.windows(unfolded, { axis: i + 1, size, step, dilation });
  }
  // [B, C1, K1, C2, K2, I] → [B, C1, C2, K1, K2, I]
  const spatial = sizes.map((_, i) => 2 * i + 1);
  const order = [0, ...spatial, ...spatial.map((axis) => axis + 1), 2 * rank + 1];
  const windows = ops.transpose(unfolded, order);
  const counts = placed.map(({ count }) => count);
  const rows = sizeOf(x.shape.slice(0, 1)) * sizeOf(counts);
  const product = groups === 1 ? oneProduct : productOfGroups(groups);
  const filters = kernel.shape.at(-1) ?? 0;
  return ops.reshape(product(windows, kernel, rows), [x.shape[0] ?? 0, ...counts, filters]);
}

function oneProduct(windows: Value, kernel: Value, rows: number): Value {
  const depth = sizeOf(kernel.shape.slice(0, -1));
  const [unfolded, matrix] = [
    ops.reshape(windows, [rows, depth]),
    ops.reshape(kernel, [depth, kernel.shape.at(-1) ?? 0]),
  ];
  return ops.matMul(unfolded, matrix); // [rows, F]
}

/** One product a group, all in one dispatch: [G, rows, K·I/G] × [G, K·I/G, F/G]. */
function productOfGroups(groups: number): typeof oneProduct {
  return (windows, kernel, rows) => {
    const taps = sizeOf(kernel.shape.slice(0, -2));
    const [channels = 1, filters = 1] = kernel.shape.slice(-2); // I/G, F
    const unfolded = ops.transpose(
      ops.reshape(windows, [rows, taps, groups, channels]),
      [2, 0, 1, 3],
    );
    const matrices = ops.transpose(
      ops.reshape(kernel, [taps * channels, groups, filters / groups]),
      [1, 0, 2],
    );
    const products = ops.matMul(ops.reshape(unfolded, [groups, rows, taps * channels]), matrices); // [G, rows, F/G]
    return ops.transpose(products, [1, 0, 2]); // [rows, G, F/G]
  };
}
