// Where each row's numbers begin among the sorted ones, for scatter-add.
//   starts[r] = |{ i : key[i] < r }|,  r = 0..rows
// sorted [N, 2] = (key, position), keys ascending   starts [rows + 1].
// One invocation: one row, by halving the range in which its first number can lie.
// Bindings: 0 params, 2 sorted, 3 starts.
// #import grid

struct Params { count: u32, rows: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read> sorted: array<u32>;
@group(0) @binding(3) var<storage, read_write> starts: array<u32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = linear_workgroup(workgroup, groups) * 64u + lane;
  if (row > params.rows) { return; }
  var low = 0u;
  var high = params.count;
  while (low < high) {
    let middle = (low + high) / 2u;
    if (sorted[2u * middle] < row) { low = middle + 1u; } else { high = middle; }
  }
  starts[row] = low;
}
