// The recurrent kernel turned over, so that the invocations of a backward product, one unit each, read
// neighbouring words.
//   recurrent_kernel [D,H,WIDTH] -> transposed [D,WIDTH,H]
// One invocation: one element of the result, in its order. Constant: WORKGROUP.
// #import grid

struct Params { units: u32, width: u32, directions: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read> recurrent_kernel: array<f32>;
@group(0) @binding(3) var<storage, read_write> transposed: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(local_invocation_index) local: u32,
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) counts: vec3<u32>,
) {
  let index = linear_workgroup(workgroup, counts) * WORKGROUP + local;
  let size = params.units * params.width;
  if (index >= size * params.directions) { return; }
  let at = index % size;
  let before = (at % params.units) * params.width + at / params.units;
  transposed[index] = recurrent_kernel[index - at + before];
}
