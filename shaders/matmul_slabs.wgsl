// Second half of a matrix product whose sum over K was split: adds the partial products of all slabs.
//
//   out[i] = epilogue(sum over s of slabs[s, i])
//
// Shapes     slabs [S, size] as matmul.wgsl stored them; out [size].
// Ownership  one invocation: one element.
// Bindings   0 params | 1 words of the epilogue | 2 slabs | 3 out | 4.. the epilogue's own.
// Constants  WORKGROUP. Alias: Result, how out is stored.
// Numerics   float32, in ascending s: the same bits every run.
// #import grid

struct Params {
  size: u32,
  slabs: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read> slabs: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<Result>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) counts: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_workgroup(workgroup, counts) * WORKGROUP + lane;
  if (i >= params.size) { return; }
  var sum = 0.0;
  for (var s = 0u; s < params.slabs; s++) { sum += slabs[s * params.size + i]; }
  out[i] = epilogue(sum, i);
}
