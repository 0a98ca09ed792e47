// What the kernels of the ctc loss share: rows, their lengths and states. For kernels with `params`, `log_probs`,
// `labels`, `input_lengths`, `label_lengths`. States of a row: blank l1 blank l2 … blank.

// Class of the blank.
const BLANK = 0u;
// The log of 0, and what is as good as it: sums of logs may have moved a little from it.
const LOG_ZERO = -1e30;
const HALF_OF_NOTHING = -5e29;

// Steps of this row; a length that is none is cut.
fn input_length(row: u32) -> u32 {
  return u32(clamp(input_lengths[row], 0, i32(params.steps)));
}

// Labels of this row, likewise.
fn label_length(row: u32) -> u32 {
  return u32(clamp(label_lengths[row], 0, i32(params.width)));
}

// The label of a state with an odd number.
fn label_at(row: u32, state: u32) -> u32 {
  return bitcast<u32>(labels[row * params.width + state / 2u]);
}

// The class of a state; it may be none.
fn class_of(row: u32, state: u32) -> u32 {
  if (state % 2u == 0u) { return BLANK; }
  return label_at(row, state);
}

// The log-probability of a state's class at a step; NaN where it is no class, or the blank as a label.
fn log_prob(row: u32, step: u32, state: u32) -> f32 {
  let class_number = class_of(row, state);
  let is_class = class_number < params.classes && (state % 2u == 0u || class_number != BLANK);
  let place = (row * params.steps + step) * params.classes + min(class_number, params.classes - 1u);
  let y = log_probs[place];
  return select(params.not_a_number, keep_nan(y, max(y, LOG_ZERO)), is_class);
}
