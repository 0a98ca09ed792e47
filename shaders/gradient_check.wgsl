// Looks over all gradients before an update, first of two dispatches: per invocation the sum of squares and
// how many values are not finite.
//   partial[i] = (Σ g² over the words of invocation i, number of them that are not finite)
// Gradients lie in one arena, each at a multiple of 256 bytes: a grain is 64 words of one gradient, of which
// `used[grain]` count. Words beyond may hold anything.
// One workgroup: every `workgroups`-th grain; lane l takes word l of each, so loads are contiguous.
// Bindings: 0 params, 2 gradients, 3 used (words of each grain), 4 partial [64 * workgroups, 2]. No barriers.
// Numerics: finite by bits, so that nothing depends on float comparisons; sums in a fixed order.
// #import grid
// #import finite

struct Params { grains: u32, workgroups: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read> gradients: array<f32>;
@group(0) @binding(3) var<storage, read> used: array<u32>;
@group(0) @binding(4) var<storage, read_write> partial: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let place = linear_workgroup(group, groups);
  if (place >= params.workgroups) { return; }
  var sum = 0.0;
  var faults = 0.0;
  for (var grain = place; grain < params.grains; grain += params.workgroups) {
    if (lane < used[grain]) {
      let g = gradients[grain * 64u + lane];
      sum = fma(g, g, sum);
      faults += select(1.0, 0.0, is_finite(g));
    }
  }
  let at = 2u * (place * 64u + lane);
  partial[at] = sum;
  partial[at + 1u] = faults;
}
