// One optimizer step over a whole arena of parameters, in place.
//   p = updated(i, p - decay·p, g, rate)      g being the clipped gradient
// The rules are lib/update_*.wgsl, one of which is put behind; they hold Keras 3's equations and declare the
// slots (bindings 6 and on).
// Clipping: g·min(1, globalClipnorm / norm), then to ±clipvalue; 0 turns either off.
// control = (norm, accepted, norm / 2^80, 0). Refused (control[1] = 0) or not yet due (due = 0): nothing is
// written.
// Parameters, gradients and slots lie in arenas of one layout: grains of 64 words, `used[grain]` of which count.
// One workgroup: GRAINS grains; lane l takes word l of each.
// Bindings: 0 params, 1 words (0 rate, 1 globalClipnorm, 2 clipvalue, 3 decay, 4 due, then those of the rule),
// 2 parameters, 3 gradients, 4 used, 5 control, 6… slots.
// Constant: WORD_VECTORS.
// #import grid

struct Params { grains: u32 }

const GRAINS = 4u;
const HUGE_NORM = 1.2676506002282294e30; // 2^100
const SHRINK = 8.271806125530277e-25; // 2^-80

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<uniform> words: array<vec4<u32>, WORD_VECTORS>;
@group(0) @binding(2) var<storage, read_write> parameters: array<f32>;
@group(0) @binding(3) var<storage, read> gradients: array<f32>;
@group(0) @binding(4) var<storage, read> used: array<u32>;
@group(0) @binding(5) var<storage, read> control: array<f32>;

fn number(word: u32) -> f32 {
  return bitcast<f32>(words[word / 4u][word % 4u]);
}

fn clipped(gradient: f32) -> f32 {
  let most = number(1u);
  let bound = number(2u);
  var g = gradient;
  let norm = control[0];
  // Of a norm near the end of float32 the share is a number that adapters flush to 0.
  let is_huge = norm >= HUGE_NORM;
  let share = most / select(norm, control[2], is_huge);
  if (most > 0.0 && norm > most) { g = select(g, g * SHRINK, is_huge) * share; }
  if (bound > 0.0) { g = clamp(g, -bound, bound); }
  return g;
}

// A gradient whose square is a float32: rules that divide by the root of a mean square take any greater one
// for the greatest of these. Infinity in a mean would stay there for ever.
fn squarable(gradient: f32) -> f32 {
  return clamp(gradient, -1.8e19, 1.8e19);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  if (control[1] == 0.0 || number(4u) == 0.0) { return; }
  let first = linear_workgroup(group, groups) * GRAINS;
  for (var grain = first; grain < min(first + GRAINS, params.grains); grain++) {
    if (lane < used[grain]) {
      let i = grain * 64u + lane;
      var p = parameters[i];
      if (number(3u) != 0.0) { p -= number(3u) * p; }
      parameters[i] = updated(i, p, clipped(gradients[i]), number(0u));
    }
  }
}
