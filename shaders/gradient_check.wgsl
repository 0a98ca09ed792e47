// Looks over all gradients before an update, first of two dispatches: per invocation the sum of squares and
// how many values are not finite.
//   partial[i] = (Σ g² of |g| < 2^40, Σ (g / 2^80)² of the others, number that are not finite)
// over the words of invocation i: so neither sum overflows, whatever finite numbers there are (J. Blue, "A
// portable Fortran program to find the Euclidean norm of a vector", 1978).
// Gradients lie in one arena, each at a multiple of 256 bytes: a grain is 64 words of one gradient, of which
// `used[grain]` count. Words beyond may hold anything.
// One workgroup: every `workgroups`-th grain; lane l takes word l of each, so loads are contiguous.
// Bindings: 0 params, 2 gradients, 3 used (words of each grain), 4 partial [64 * workgroups, 3]. No barriers.
// Numerics: finite by bits, so that nothing depends on float comparisons. Sums of RUN terms are added up, so
// that rounding grows with n / RUN + RUN, in a fixed order.
// #import grid
// #import finite

struct Params { grains: u32, workgroups: u32 }

const RUN = 16u;
const HUGE = 1099511627776.0; // 2^40
const SHRINK = 8.271806125530277e-25; // 2^-80

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
  var sums = vec2<f32>(0.0);
  var run = vec2<f32>(0.0);
  var faults = 0.0;
  var taken = 0u;
  for (var grain = place; grain < params.grains; grain += params.workgroups) {
    if (lane < used[grain]) {
      let g = gradients[grain * 64u + lane];
      let is_huge = abs(g) >= HUGE;
      let parts = select(vec2<f32>(g, 0.0), vec2<f32>(0.0, g * SHRINK), is_huge);
      run = fma(parts, parts, run);
      faults += select(1.0, 0.0, is_finite(g));
    }
    taken++;
    if (taken % RUN == 0u) {
      sums += run;
      run = vec2<f32>(0.0);
    }
  }
  sums += run;
  let at = 3u * (place * 64u + lane);
  partial[at] = sums.x;
  partial[at + 1u] = sums.y;
  partial[at + 2u] = faults;
}
