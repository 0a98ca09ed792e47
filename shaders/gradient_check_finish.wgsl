// Looks over all gradients before an update, second of two dispatches: the verdict.
//   norm = √Σ partial squares      ok = all finite, the loss too, and (not sticky, or no fault before)
//   control = (norm, ok ? 1 : 0, norm / 2^80, refused ? 1 : 0)
//   fault = (refused updates, step + 1 of the first one, 0, 0)
// refused = not ok, and not what a smaller loss scale may mend: one of lib/loss_scale_{dynamic,fixed} is put
// behind, which keeps the scale and says so.
// The norm of finite gradients can be more than any float32; control[0] is the largest one then, control[2] right.
// One workgroup of 64 lanes; lanes stride over the partials in runs of RUN, lane 0 adds the lanes in pairs.
// Bindings: 0 params, 1 words (step, sticky, growth steps), 2 partial, 3 fault before, 4 control, 5 fault after,
// 6 loss, and those of the loss scale.
// Without a loss (HAS_LOSS false) binding 6 repeats the partials and is not read.
// #import finite

struct Params { partials: u32 }

const RUN = 16u;
const GROW = 1.2089258196146292e24; // 2^80
const SHRINK = 8.271806125530277e-25; // 2^-80
const LARGEST = 281474959933440.0; // GROW times this is the largest float32

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<uniform> words: array<vec4<u32>, 1>;
@group(0) @binding(2) var<storage, read> partial: array<f32>;
@group(0) @binding(3) var<storage, read> before: array<i32>;
@group(0) @binding(4) var<storage, read_write> control: array<f32>;
@group(0) @binding(5) var<storage, read_write> after: array<i32>;
@group(0) @binding(6) var<storage, read> loss: array<f32>;

// Squares, squares of huge values, faults.
var<workgroup> lanes: array<vec3<f32>, 64>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) {
  var sums = vec3<f32>(0.0);
  for (var begin = lane; begin < params.partials; begin += 64u * RUN) {
    var run = vec3<f32>(0.0);
    for (var i = begin; i < min(begin + 64u * RUN, params.partials); i += 64u) {
      run += vec3<f32>(partial[3u * i], partial[3u * i + 1u], partial[3u * i + 2u]);
    }
    sums += run;
  }
  lanes[lane] = sums;
  workgroupBarrier();
  if (lane == 0u) {
    for (var half = 32u; half > 0u; half /= 2u) {
      for (var i = 0u; i < half; i++) { lanes[i] += lanes[i + half]; }
    }
    let squares = lanes[0].x;
    let huge = lanes[0].y;
    var all_finite = lanes[0].z == 0.0;
    if (HAS_LOSS) { all_finite = all_finite && is_finite(loss[0]); }
    let step = bitcast<i32>(words[0][0]);
    let is_sticky = words[0][1] != 0u;
    let is_stopped = is_sticky && before[1] != 0i;
    let ok = all_finite && !is_stopped;
    let is_mended = rescale(all_finite, is_stopped);
    let refused = !ok && !is_mended;
    let shrunk = select(
      sqrt(squares) * SHRINK,
      sqrt(fma(squares * SHRINK, SHRINK, huge)),
      huge > 0.0,
    );
    control[0] = select(sqrt(squares), min(shrunk, LARGEST) * GROW, huge > 0.0);
    control[1] = select(0.0, 1.0, ok);
    control[2] = shrunk;
    control[3] = select(0.0, 1.0, refused);
    after[0] = before[0] + select(0i, 1i, refused);
    after[1] = select(before[1], step + 1i, refused && before[1] == 0i);
    after[2] = 0i;
    after[3] = 0i;
  }
}
