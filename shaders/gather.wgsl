// Rows of a matrix picked by number.
//   y[n, c] = x[ids[n], c]        x [R, C]   ids [N] int32   y [N, C]
// Elements are moved as words, so one pipeline serves every dtype.
// One invocation: one element of y. A number outside 0..R-1 gives `params.missing` (NaN for float32), so that
// it is noticed instead of being some other row.
// Bindings: 0 params, 2 x, 3 ids, 4 y.
// #import grid

struct Params { count: u32, columns: u32, rows: u32, missing: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read> x: array<u32>;
@group(0) @binding(3) var<storage, read> ids: array<i32>;
@group(0) @binding(4) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_workgroup(group, groups) * 64u + lane;
  if (i >= params.count) { return; }
  let row = bitcast<u32>(ids[i / params.columns]);
  let is_there = row < params.rows;
  let word = x[select(0u, row * params.columns + i % params.columns, is_there)];
  y[i] = select(params.missing, word, is_there);
}
