// Looks over all gradients before an update, first of two dispatches: per workgroup the sum of squares and
// whether anything is not finite.
//   partial[w] = (Σ g² over the grains of w, number of lanes that saw a value that is not finite)
// Gradients lie in one arena, each at a multiple of 256 bytes: a grain is 64 words of one gradient, of which
// `used[grain]` count. Words beyond may hold anything.
// One workgroup: GRAINS grains; lane l takes word l of each, so loads are contiguous.
// Bindings: 0 params, 2 gradients, 3 used (words of each grain), 4 partial (two words a workgroup).
// Numerics: finite by bits, so that nothing depends on float comparisons; sums in a fixed order.
// #import grid
// #import finite

struct Params { grains: u32 }

const GRAINS = 16u;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read> gradients: array<f32>;
@group(0) @binding(3) var<storage, read> used: array<u32>;
@group(0) @binding(4) var<storage, read_write> partial: array<f32>;

var<workgroup> squares: array<f32, 64>;
var<workgroup> faults: array<f32, 64>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let place = linear_workgroup(group, groups);
  let first = place * GRAINS;
  if (first >= params.grains) { return; }
  var sum = 0.0;
  var fault = 0.0;
  for (var grain = first; grain < min(first + GRAINS, params.grains); grain++) {
    if (lane < used[grain]) {
      let g = gradients[grain * 64u + lane];
      sum += g * g;
      if (!is_finite(g)) { fault = 1.0; }
    }
  }
  squares[lane] = sum;
  faults[lane] = fault;
  workgroupBarrier();
  if (lane == 0u) {
    for (var i = 1u; i < 64u; i++) {
      sum += squares[i];
      fault += faults[i];
    }
    partial[2u * place] = sum;
    partial[2u * place + 1u] = fault;
  }
}
