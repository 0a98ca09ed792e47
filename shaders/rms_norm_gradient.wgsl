// Normalisation by the root mean square, gradient of the input; also leaves the scale of each row for that of gamma.
//   w = dy·gamma    dx = (w - x̂·mean(w·x̂))·scale        scale = 1 / √(mean x² + ε)
// x, dy, dx [rows, columns]  gamma [columns]  statistics [rows, 2] = (0, scale), as layer_norm_gradient_columns reads them.
// Rows by lib/row_lane or lib/row_group, put in front. Alias: Element, how x and
// its like are stored; sums are float32.
// Bindings: 0 params, 2 x, 3 gamma, 4 dy, 5 dx, 6 statistics.

struct Params { rows: u32, columns: u32, epsilon: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read> x: array<Element>;
@group(0) @binding(3) var<storage, read> gamma: array<f32>;
@group(0) @binding(4) var<storage, read> dy: array<Element>;
@group(0) @binding(5) var<storage, read_write> dx: array<Element>;
@group(0) @binding(6) var<storage, read_write> statistics: array<f32>;

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
  let width = f32(params.columns);
  var squares = 0.0;
  var products = 0.0;
  for (var c = first; c < params.columns; c += ROW_STRIDE) {
    let value = f32(x[start + c]);
    squares = fma(value, value, squares);
    products = fma(f32(dy[start + c]) * gamma[c], value, products);
  }
  let scale = 1.0 / sqrt(row_sum(squares, lane) / width + params.epsilon);
  let along = row_sum(products, lane) * scale / width;
  if (row >= params.rows) { return; }
  for (var c = first; c < params.columns; c += ROW_STRIDE) {
    dx[start + c] = Element((f32(dy[start + c]) * gamma[c] - f32(x[start + c]) * scale * along) * scale);
  }
  if (first == 0u) {
    statistics[2u * row] = 0.0;
    statistics[2u * row + 1u] = scale;
  }
}
