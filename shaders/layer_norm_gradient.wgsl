// Layer normalisation, gradient of the input; also leaves mean and scale of each row for the other gradients.
//   w = dy·gamma    dx = (w - mean w - x̂·mean(w·x̂))·scale        scale = 1 / √(v + ε)
// x, dy, dx [rows, columns]  gamma [columns]  statistics [rows, 2] = (mean, scale).
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
  var sum = 0.0;
  for (var c = first; c < params.columns; c += ROW_STRIDE) { sum += f32(x[start + c]); }
  let mean = row_sum(sum, lane) / width;
  var squares = 0.0;
  for (var c = first; c < params.columns; c += ROW_STRIDE) {
    let centred = f32(x[start + c]) - mean;
    squares += centred * centred;
  }
  let scale = 1.0 / sqrt(row_sum(squares, lane) / width + params.epsilon);
  var weighted = 0.0;
  var along = 0.0;
  for (var c = first; c < params.columns; c += ROW_STRIDE) {
    let w = f32(dy[start + c]) * gamma[c];
    weighted += w;
    along += w * (f32(x[start + c]) - mean) * scale;
  }
  let mean_weighted = row_sum(weighted, lane) / width;
  let mean_along = row_sum(along, lane) / width;
  if (row >= params.rows) { return; }
  for (var c = first; c < params.columns; c += ROW_STRIDE) {
    let w = f32(dy[start + c]) * gamma[c];
    let normalized = (f32(x[start + c]) - mean) * scale;
    dx[start + c] = Element((w - mean_weighted - normalized * mean_along) * scale);
  }
  if (first == 0u) {
    statistics[2u * row] = mean;
    statistics[2u * row + 1u] = scale;
  }
}
