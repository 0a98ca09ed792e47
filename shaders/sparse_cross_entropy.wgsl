// Cross-entropy of rows of logits with one label each, and its gradient.
//   loss = log Σ exp(x - m) + m - x[label]          m = max x
//   GRADIENT:  dx = (exp(x - m) / Σ exp(x - m) - [c = label])·dy
// SMOOTHED: the target is (1 - ε)·[c = label] + ε/columns instead of [c = label], so
//   loss = log Σ exp(x - m) - (1 - ε)·(x[label] - m) - ε·mean(x - m)
// x [rows, columns]  label [rows] int32  dy [rows]  result [rows], or with GRADIENT [rows, columns].
// Nothing is saved between the two: the gradient computes the sums again.
// A label outside 0..columns-1 gives NaN, so that a mistake in the data is noticed. Its gradient is NaN too,
// unless dy is 0: then somebody has masked that row out.
// Constants: GRADIENT, SMOOTHED. Rows by lib/row_lane or lib/row_group, put in front.
// Bindings: 0 params, 2 x, 3 labels, 4 dy (without GRADIENT it repeats x and is not read), 5 result.
// #import row_exp

struct Params { rows: u32, columns: u32, not_a_number: f32, smoothing: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> labels: array<i32>;
@group(0) @binding(4) var<storage, read> dy: array<f32>;
@group(0) @binding(5) var<storage, read_write> result: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) counts: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = row_of(workgroup, counts, lane);
  // No invocation may leave before a barrier: those past the end work on the last row and store nothing.
  let start = min(row, params.rows - 1u) * params.columns;
  let total = row_exp(start, lane);
  let first = first_column(lane);
  var mean = 0.0;
  if (SMOOTHED && !GRADIENT) {
    for (var c = first; c < params.columns; c += ROW_STRIDE) { mean += x[start + c] - total.most; }
    mean = row_sum(mean, lane) / f32(params.columns);
  }
  if (row >= params.rows) { return; }
  let label = bitcast<u32>(labels[row]);
  let is_inside = label < params.columns;
  if (GRADIENT) {
    let upstream = select(params.not_a_number, dy[row], is_inside || dy[row] == 0.0);
    for (var c = first; c < params.columns; c += ROW_STRIDE) {
      var goal = select(0.0, 1.0, c == label);
      if (SMOOTHED) { goal = (1.0 - params.smoothing) * goal + params.smoothing / f32(params.columns); }
      result[start + c] = (shifted_exp(x[start + c] - total.most) / total.sum - goal) * upstream;
    }
  } else if (first == 0u) {
    let picked = x[start + select(0u, label, is_inside)];
    var hit = picked - total.most;
    if (SMOOTHED) { hit = (1.0 - params.smoothing) * hit + params.smoothing * mean; }
    let loss = log_sum(total) - hit;
    result[row] = select(params.not_a_number, loss, is_inside);
  }
}
