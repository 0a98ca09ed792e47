import { checkKeys } from "../names/check-keys.ts";
import { ops } from "../ops/index.ts";
import { type Tensor, type TensorLike, toTensor } from "../tensor/index.ts";
import { ctcRule } from "./ctc.ts";
import type { CtcSettings } from "./names.ts";
import { reductionOf } from "./reduction-names.ts";
import { reducedLoss } from "./weighted-loss.ts";

/** Settings of `ctc`. */
export interface CtcOptions extends CtcSettings {
  /** Steps of each row, [B] whole numbers. Default: all. */
  readonly inputLengths?: TensorLike | null;
  /** Labels of each row, [B] whole numbers. Default: those above 0. */
  readonly labelLengths?: TensorLike | null;
}

/**
 * Connectionist temporal classification: how unlikely the labels are, whenever in the sequence they are said. For inputs
 * that are longer than their labels, without a word of where which label is. Class 0 is the blank, which stands between
 * labels and pads them; labels are 1 to V-1.
 *
 * Counterpart of `keras.losses.CTC` and `torch.nn.functional.ctc_loss(log_softmax(x), …, reduction="none")`, with a kernel
 * of its own for the sums and their gradient. Labels that do not fit into the steps of a row cost infinity and have a
 * gradient of NaN, as in PyTorch, so that it is noticed; `zeroInfinity` makes both 0. A label that is no class gives NaN.
 * In `compile`, a mask of the predictions says how many steps a row has, from the first on.
 * Graves et al. 2006, doi:10.1145/1143844.1143891.
 *
 * @example
 * const loss = sl.losses.ctc([[1, 2]], [[[0, 1, 0], [0, 0, 0], [0, 0, 1]]]);
 * console.log((await loss.data())[0]?.toFixed(4)); // 0.8836
 *
 * @param labels Class numbers, [B, L], with zeros behind the last.
 * @param predictions Raw scores, [B, T, V].
 * @param weights Factor of each row's loss, [B]; as in `meanSquaredError`.
 * @returns Scalar; with the reduction `"none"` all losses, [B].
 * @throws {ShapeError} when the shapes do not fit.
 */
export function ctc(
  labels: TensorLike,
  predictions: TensorLike,
  weights?: TensorLike | null,
  options: CtcOptions = {},
): Tensor {
  checkKeys("loss ctc", options, {
    zeroInfinity: "boolean",
    inputLengths: "any",
    labelLengths: "any",
    reduction: "any",
  });
  const lengths = (key: "inputLengths" | "labelLengths") => {
    const given = options[key] ?? null;
    return given === null ? null : ops.cast(toTensor(given, `ctc ${key}`).value, "int32");
  };
  const rule = ctcRule(options.zeroInfinity ?? false, {
    inputLengths: lengths("inputLengths"),
    labelLengths: lengths("labelLengths"),
  });
  return reducedLoss(rule, [labels, predictions, weights], reductionOf("ctc", options.reduction));
}
