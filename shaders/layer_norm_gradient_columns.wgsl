// Layer normalisation, gradients of gamma and beta: sums over the rows.
//   dgamma = Σ dy·x̂      dbeta = Σ dy        x̂ = (x - mean)·scale
// x, dy [rows, columns]  statistics [rows, 2] = (mean, scale)  dgamma, dbeta [columns].
// One workgroup: 32 neighbouring columns, 8 lanes each; lane j takes rows j, j + 8, …; lane 0 adds the eight.
// Bindings: 0 params, 2 x, 3 dy, 4 statistics, 5 dgamma, 6 dbeta. The order of additions depends on rows alone.

struct Params { rows: u32, columns: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> dy: array<f32>;
@group(0) @binding(4) var<storage, read> statistics: array<f32>;
@group(0) @binding(5) var<storage, read_write> dgamma: array<f32>;
@group(0) @binding(6) var<storage, read_write> dbeta: array<f32>;

var<workgroup> partials: array<vec2<f32>, 256>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let column = workgroup.x * 32u + lane % 32u;
  let part = lane / 32u;
  var sums = vec2<f32>();
  if (column < params.columns) {
    for (var row = part; row < params.rows; row += 8u) {
      let at = row * params.columns + column;
      let normalized = (x[at] - statistics[2u * row]) * statistics[2u * row + 1u];
      sums += dy[at] * vec2<f32>(normalized, 1.0);
    }
  }
  partials[lane] = sums;
  workgroupBarrier();
  if (part == 0u && column < params.columns) {
    for (var i = 1u; i < 8u; i++) { sums += partials[i * 32u + lane]; }
    dgamma[column] = sums.x;
    dbeta[column] = sums.y;
  }
}
