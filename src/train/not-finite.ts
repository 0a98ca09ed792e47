/** What to do about a loss or gradient that is not finite: the end of such messages. */
export const WHAT_TO_LOOK_FOR =
  "Look for NaN in x and y, for ids and labels that the model does not have, and in layers of mixed_float16 for numbers " +
  "above 65504; else lower the learning rate, or set globalClipnorm on the optimizer.";
