// Softmax over rows, or its logarithm.
//   m = max x    s = Σ exp(x - m)    y = exp(x - m) / s,  with LOG  y = (x - m) - log s
// x, y [rows, columns]. Constant: LOG. Rows by lib/row_lane or lib/row_group, put in front.
// Bindings: 0 params, 2 x, 3 y.
// Numerics: exp of non-positive arguments only; NaN in a row makes the row NaN, and so does a row of -inf.
// #import row_exp

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
  // No invocation may leave before a barrier: those past the end work on the last row and store nothing.
  let start = min(row, params.rows - 1u) * params.columns;
  let total = row_exp(start, lane);
  if (row >= params.rows) { return; }
  let log_total = log_sum(total);
  for (var c = first_column(lane); c < params.columns; c += ROW_STRIDE) {
    let shifted = x[start + c] - total.most;
    y[start + c] = select(shifted_exp(shifted) / total.sum, shifted - log_total, LOG);
  }
}
