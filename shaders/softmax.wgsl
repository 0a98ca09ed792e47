// Softmax over rows, or its logarithm.
//   m = max x    s = Σ exp(x - m)    y = exp(x - m) / s,  with LOG  y = (x - m) - log s
// x, y [rows, columns]. Constant: LOG. Rows by lib/row_lane or lib/row_workgroup, put in front.
// Bindings: 0 params, 2 x, 3 y.
// Numerics: exp of non-positive arguments only; a row of -inf gives NaN, as its definition does.

struct Params { rows: u32, columns: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) counts: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = row_of(workgroup, counts, lane);
  if (row >= params.rows) { return; }
  let start = row * params.columns;
  let first = first_column(lane);
  var most = x[start];
  for (var c = first; c < params.columns; c += ROW_STRIDE) { most = max(most, x[start + c]); }
  most = row_max(most, lane);
  var sum = 0.0;
  for (var c = first; c < params.columns; c += ROW_STRIDE) { sum += exp(x[start + c] - most); }
  sum = row_sum(sum, lane);
  let log_sum = log(sum);
  for (var c = first; c < params.columns; c += ROW_STRIDE) {
    let shifted = x[start + c] - most;
    y[start + c] = select(exp(shifted) / sum, shifted - log_sum, LOG);
  }
}
