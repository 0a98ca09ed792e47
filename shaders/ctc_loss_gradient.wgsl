// Gradient of the ctc loss, from the forward and backward sums a and b of ctc_loss with GRADIENT.
//   p(t,s) = e^(a+b-y) / Σs e^(a+b-y): how likely the alignment is in state s at step t
//   d(t,c) = -dy·Σ p(t,s) over the states of class c
// log_probs, result [rows, steps, classes]  labels [rows, width]  sums [2, rows, steps, 2·width+1]  dy [rows].
// What is true of a and b up to one addend for all states of a step is true of p: the division takes it out.
// One invocation: one step of one row, which alone writes there. No barriers. Steps past a row's end stay 0.
// A row that cannot be aligned has a gradient of NaN, unless dy is 0: then somebody has masked it out.
// Bindings: 0 params, 2 log_probs, 3 labels, 4 input_lengths, 5 label_lengths, 6 dy, 7 sums, 8 result (0 before).
// #import ctc
// #import grid
// #import finite

struct Params { rows: u32, steps: u32, classes: u32, width: u32, not_a_number: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read> log_probs: array<f32>;
@group(0) @binding(3) var<storage, read> labels: array<i32>;
@group(0) @binding(4) var<storage, read> input_lengths: array<i32>;
@group(0) @binding(5) var<storage, read> label_lengths: array<i32>;
@group(0) @binding(6) var<storage, read> dy: array<f32>;
@group(0) @binding(7) var<storage, read> sums: array<f32>;
@group(0) @binding(8) var<storage, read_write> result: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) counts: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = linear_workgroup(workgroup, counts) * 64u + lane;
  if (index >= params.rows * params.steps) { return; }
  let row = index / params.steps;
  let step = index % params.steps;
  let steps = input_length(row);
  let upstream = dy[row];
  if (step >= steps || upstream == 0.0) { return; }
  let stride = 2u * params.width + 1u;
  let states = 2u * label_length(row) + 1u;
  let forward = index * stride;
  // Backward sums count steps and states from the end.
  let backward = (params.rows * params.steps + row * params.steps + steps - 1u - step) * stride + states - 1u;
  var most = 3.0 * LOG_ZERO;
  var wrong = 0.0;
  for (var s = 0u; s < states; s++) {
    let joint = sums[forward + s] + sums[backward - s] - log_prob(row, step, s);
    wrong = keep_nan(joint, wrong);
    most = max(most, joint);
  }
  wrong = select(wrong, params.not_a_number, most <= HALF_OF_NOTHING);
  var total = 0.0;
  for (var s = 0u; s < states; s++) {
    total += exp(sums[forward + s] + sums[backward - s] - log_prob(row, step, s) - most);
  }
  let scale = keep_nan(wrong, -upstream / total);
  for (var s = 0u; s < states; s++) {
    let likely = exp(sums[forward + s] + sums[backward - s] - log_prob(row, step, s) - most);
    let place = index * params.classes + min(class_of(row, s), params.classes - 1u);
    result[place] = result[place] + keep_nan(scale, scale * likely);
  }
}
