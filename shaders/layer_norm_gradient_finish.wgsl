// Layer normalisation, gradients of gamma and beta, second of two dispatches: adds the blocks of rows.
//   dgamma[c] = Σ over b of partials[b, 0, c]      dbeta[c] = Σ over b of partials[b, 1, c]
// partials [blocks, 2, columns]  dgamma, dbeta [columns].
// One invocation: one column, blocks in ascending order. The order depends on the sizes alone.
// Bindings: 0 params, 2 partials, 3 dgamma, 4 dbeta.
// #import grid

struct Params { columns: u32, blocks: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read> partials: array<f32>;
@group(0) @binding(3) var<storage, read_write> dgamma: array<f32>;
@group(0) @binding(4) var<storage, read_write> dbeta: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) counts: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let column = linear_workgroup(workgroup, counts) * 64u + lane;
  if (column >= params.columns) { return; }
  var sums = vec2<f32>();
  for (var block = 0u; block < params.blocks; block++) {
    let at = 2u * block * params.columns + column;
    sums += vec2<f32>(partials[at], partials[at + params.columns]);
  }
  dgamma[column] = sums.x;
  dbeta[column] = sums.y;
}
