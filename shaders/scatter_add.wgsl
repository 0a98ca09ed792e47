// Adds rows of updates into zeros at the rows that ids name: the gradient of picking rows (an embedding).
//   y[r, c] = Σ over n with ids[n] = r, in ascending n, of updates[n, c]
// ids [N] int32   updates [N, C]   y [R, C]. A number outside 0..R-1 adds nowhere.
// One invocation: one element of y, looking through all ids. No atomics: the same order and bits every run.
// Bindings: 0 params, 2 ids, 3 updates, 4 y.
// #import grid

struct Params { rows: u32, columns: u32, count: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read> ids: array<i32>;
@group(0) @binding(3) var<storage, read> updates: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) counts: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let place = linear_workgroup(workgroup, counts) * 64u + lane;
  if (place >= params.rows * params.columns) { return; }
  let row = i32(place / params.columns);
  let column = place % params.columns;
  var sum = 0.0;
  for (var n = 0u; n < params.count; n++) {
    if (ids[n] == row) { sum += updates[n * params.columns + column]; }
  }
  y[place] = sum;
}
