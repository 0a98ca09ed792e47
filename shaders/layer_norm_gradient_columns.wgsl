// Layer normalisation, gradients of gamma and beta, first of two dispatches: sums over blocks of rows.
//   dgamma = Σ dy·x̂      dbeta = Σ dy        x̂ = (x - mean)·scale
// x, dy [rows, columns]  statistics [rows, 2] = (mean, scale)  partials [blocks, 2, columns] = (dgamma, dbeta).
// One invocation: one column of one block of rows, in ascending order; neighbours read neighbouring columns.
// Bindings: 0 params, 2 x, 3 dy, 4 statistics, 5 partials. No barriers. Alias: Element, how x and dy are stored.
// #import grid

struct Params { rows: u32, columns: u32, block_rows: u32, blocks: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read> x: array<Element>;
@group(0) @binding(3) var<storage, read> dy: array<Element>;
@group(0) @binding(4) var<storage, read> statistics: array<f32>;
@group(0) @binding(5) var<storage, read_write> partials: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) counts: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let place = linear_workgroup(workgroup, counts) * 64u + lane;
  let block = place / params.columns;
  let column = place % params.columns;
  if (block >= params.blocks) { return; }
  var d_gamma = 0.0;
  var d_beta = 0.0;
  let end = min((block + 1u) * params.block_rows, params.rows);
  for (var row = block * params.block_rows; row < end; row++) {
    let at = row * params.columns + column;
    let normalized = (f32(x[at]) - statistics[2u * row]) * statistics[2u * row + 1u];
    d_gamma = fma(f32(dy[at]), normalized, d_gamma);
    d_beta += f32(dy[at]);
  }
  partials[2u * block * params.columns + column] = d_gamma;
  partials[(2u * block + 1u) * params.columns + column] = d_beta;
}
