// Cross-entropy of rows of logits with one label each, and its gradient.
//   loss = log Σ exp(x - m) + m - x[label]          m = max x
//   GRADIENT:  dx = (exp(x - m) / Σ exp(x - m) - [c = label])·dy
// x [rows, columns]  label [rows] int32  dy [rows]  result [rows], or with GRADIENT [rows, columns].
// Nothing is saved between the two: the gradient computes the sums again.
// A label outside 0..columns-1 gives NaN, so that a mistake in the data is noticed.
// Constant: GRADIENT. Rows by lib/row_lane or lib/row_workgroup, put in front.
// Bindings: 0 params, 2 x, 3 labels, 4 dy (without GRADIENT it repeats x and is not read), 5 result.

struct Params { rows: u32, columns: u32, not_a_number: f32 }

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
  if (row >= params.rows) { return; }
  let start = row * params.columns;
  let first = first_column(lane);
  var most = x[start];
  for (var c = first; c < params.columns; c += ROW_STRIDE) { most = max(most, x[start + c]); }
  most = row_max(most, lane);
  var sum = 0.0;
  for (var c = first; c < params.columns; c += ROW_STRIDE) { sum += exp(x[start + c] - most); }
  sum = row_sum(sum, lane);
  let label = bitcast<u32>(labels[row]);
  let is_inside = label < params.columns;
  if (GRADIENT) {
    let upstream = select(params.not_a_number, dy[row], is_inside);
    for (var c = first; c < params.columns; c += ROW_STRIDE) {
      let hit = select(0.0, 1.0, c == label);
      result[start + c] = (exp(x[start + c] - most) / sum - hit) * upstream;
    }
  } else if (lane == 0u || ROW_STRIDE == 1u) {
    let picked = x[start + select(0u, label, is_inside)];
    result[row] = select(params.not_a_number, log(sum) + most - picked, is_inside);
  }
}
