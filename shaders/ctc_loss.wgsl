// Connectionist temporal classification: the log of the sums over all alignments, step by step.
//   states: blank l1 blank l2 … blank, S = 2·length + 1; a path stays, goes on by one, or by two past a blank between
//   two labels that differ.  With y the log-probability of a state's class:
//   forward   a(t,s) = y(t,s) + log(e^a(t-1,s) + e^a(t-1,s-1) + [skip] e^a(t-1,s-2))
//   backward  the same from the end, states and steps counted backwards
//   loss = -log(e^a(T-1,S-1) + e^a(T-1,S-2))
// log_probs [rows, steps, classes]  labels [rows, width] int32  input_lengths, label_lengths [rows] int32.
// Without GRADIENT: result [rows], the loss; sums holds two steps of a row, [rows, 2, 2·width+1].
// With GRADIENT: sums [2, rows, steps, 2·width+1], forward and backward; result [rows, steps, classes] becomes 0.
// One workgroup: one row, forward or backward; its invocations share the states. Two barriers a step keep the steps
// apart, so no atomics.
// Bindings: 0 params, 2 log_probs, 3 labels, 4 input_lengths, 5 label_lengths, 6 sums, 7 result.
// Numerics: every 8 steps the greatest sum is taken off all (and kept in `taken`), so that float32 has its digits
// where they count; the sums of a step are right up to one addend for all states. A log of 0 is LOG_ZERO, finite.
// A row that cannot be aligned costs infinity. A label that is no class gives NaN.
// Constant: GRADIENT. Graves et al. 2006, doi:10.1145/1143844.1143891.
// #import ctc
// #import grid
// #import finite

const WORKGROUP = 64u;
const STEPS_A_SHIFT = 8u;

struct Params { rows: u32, steps: u32, classes: u32, width: u32, kept: u32, infinity: f32, not_a_number: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read> log_probs: array<f32>;
@group(0) @binding(3) var<storage, read> labels: array<i32>;
@group(0) @binding(4) var<storage, read> input_lengths: array<i32>;
@group(0) @binding(5) var<storage, read> label_lengths: array<i32>;
@group(0) @binding(6) var<storage, read_write> sums: array<f32>;
@group(0) @binding(7) var<storage, read_write> result: array<f32>;

var<workgroup> partials: array<f32, WORKGROUP>;

// The greatest of the sums that begin at `begin`.
fn greatest(begin: u32, states: u32, lane: u32) -> f32 {
  var most = LOG_ZERO;
  for (var s = lane; s < states; s += WORKGROUP) { most = max(most, sums[begin + s]); }
  partials[lane] = most;
  workgroupBarrier();
  for (var i = 0u; i < WORKGROUP; i++) { most = max(most, partials[i]); }
  workgroupBarrier();
  return most;
}

fn log_add(a: f32, b: f32, c: f32) -> f32 {
  let most = max(a, max(b, c));
  let total = most + log(exp(a - most) + exp(b - most) + exp(c - most));
  return keep_nan(a, keep_nan(b, keep_nan(c, select(total, LOG_ZERO, most <= HALF_OF_NOTHING))));
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) counts: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let group = linear_workgroup(workgroup, counts);
  if (group >= select(params.rows, 2u * params.rows, GRADIENT)) { return; }
  let row = group % params.rows;
  let is_backward = group >= params.rows;
  let stride = 2u * params.width + 1u;
  let length = label_length(row);
  let steps = input_length(row);
  let states = 2u * length + 1u;
  var taken = 0.0;
  for (var t = 0u; t < steps; t++) {
    let before = (group * params.kept + (t + params.kept - 1u) % params.kept) * stride;
    let now = (group * params.kept + t % params.kept) * stride;
    let step = select(t, steps - 1u - t, is_backward);
    var shift = 0.0;
    if (t > 0u && t % STEPS_A_SHIFT == 0u) {
      shift = greatest(before, states, lane);
      shift = select(shift, 0.0, shift <= HALF_OF_NOTHING);
    }
    for (var s = lane; s < states; s += WORKGROUP) {
      let state = select(s, states - 1u - s, is_backward);
      let emitted = log_prob(row, step, state);
      var reached = select(LOG_ZERO, 0.0, s < 2u);
      if (t > 0u) {
        // A skip joins two labels that differ; in both directions it is the label and the one two states before.
        var skipped = LOG_ZERO;
        let other = select(s - 2u, states + 1u - s, is_backward);
        if (s >= 2u && s % 2u == 1u && label_at(row, state) != label_at(row, other)) {
          skipped = sums[before + s - 2u];
        }
        let moved = select(LOG_ZERO, sums[before + max(s, 1u) - 1u], s > 0u);
        reached = log_add(sums[before + s], moved, skipped);
      }
      let sum = select(reached + emitted - shift, LOG_ZERO, reached <= HALF_OF_NOTHING);
      sums[now + s] = keep_nan(emitted, keep_nan(reached, sum));
    }
    taken += shift;
    // A step is written before the next one reads it; and of the two that a loss holds, it was read before it is
    // written over.
    storageBarrier();
    workgroupBarrier();
  }
  if (GRADIENT) {
    if (is_backward) { return; }
    let size = params.steps * params.classes;
    for (var i = lane; i < size; i += WORKGROUP) { result[row * size + i] = 0.0; }
  } else if (lane == 0u) {
    result[row] = loss_of(group, steps, states, taken);
  }
}

fn loss_of(group: u32, steps: u32, states: u32, taken: f32) -> f32 {
  // Nothing is said in no time, and nothing else.
  if (steps == 0u) { return select(params.infinity, 0.0, states == 1u); }
  let last = (group * params.kept + (steps - 1u) % params.kept) * (2u * params.width + 1u);
  let label_end = select(LOG_ZERO, sums[last + max(states, 2u) - 2u], states > 1u);
  let total = log_add(sums[last + states - 1u], label_end, LOG_ZERO);
  return keep_nan(total, select(-(total + taken), params.infinity, total <= HALF_OF_NOTHING));
}
