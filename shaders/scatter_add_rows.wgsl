// Scatter-add over sorted row numbers, the last of its dispatches: sums the updates of each row.
//   y[r, c] = Σ over i in starts[r]..starts[r + 1] - 1 of updates[position[i], c]
// sorted [N, 2] = (key, position)   starts [R + 1]   updates [N, C]   y [R, C].
// The sort is stable, so the updates of a row come in their own order: the same bits every run.
// One invocation: one element of y.
// Bindings: 0 params, 2 sorted, 3 starts, 4 updates, 5 y.
// #import grid

struct Params { rows: u32, columns: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read> sorted: array<u32>;
@group(0) @binding(3) var<storage, read> starts: array<u32>;
@group(0) @binding(4) var<storage, read> updates: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let place = linear_workgroup(workgroup, groups) * 64u + lane;
  if (place >= params.rows * params.columns) { return; }
  let row = place / params.columns;
  let column = place % params.columns;
  let end = starts[row + 1u];
  var sum = 0.0;
  for (var i = starts[row]; i < end; i++) {
    sum += updates[sorted[2u * i + 1u] * params.columns + column];
  }
  y[place] = sum;
}
