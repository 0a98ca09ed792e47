// Normalisation of rows by their root mean square.
//   x̂ = x / √(mean x² + ε)    y = gamma·x̂
// x, y [rows, columns]  gamma [columns]. Rows by lib/row_lane or lib/row_group, put in front. Alias: Element, how x and
// its like are stored; sums are float32.
// Bindings: 0 params, 2 x, 3 gamma, 4 y.
// Numerics: float32 sums; a row whose squares add up to more than 3.4e38 becomes 0. Zhang & Sennrich 2019, arXiv:1910.07467.

struct Params { rows: u32, columns: u32, epsilon: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read> x: array<Element>;
@group(0) @binding(3) var<storage, read> gamma: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<Element>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) counts: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = row_of(workgroup, counts, lane);
  // No invocation may leave before a barrier: those past the end work on the last row and store nothing.
  let start = min(row, params.rows - 1u) * params.columns;
  let first = first_column(lane);
  var squares = 0.0;
  for (var c = first; c < params.columns; c += ROW_STRIDE) {
    let value = f32(x[start + c]);
    squares = fma(value, value, squares);
  }
  let scale = 1.0 / sqrt(row_sum(squares, lane) / f32(params.columns) + params.epsilon);
  if (row >= params.rows) { return; }
  for (var c = first; c < params.columns; c += ROW_STRIDE) {
    y[start + c] = Element(gamma[c] * (f32(x[start + c]) * scale));
  }
}
