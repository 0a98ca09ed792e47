// Looks over all gradients before an update, second of two dispatches: the verdict.
//   norm = √Σ partial squares      ok = all finite, the loss too, and (not sticky, or no fault before)
//   control = (norm, ok ? 1 : 0, 0, 0)      fault = (refused updates, step + 1 of the first one, 0, 0)
// One workgroup of 64 lanes; lanes stride over the partials, lane 0 adds the lanes and decides.
// Bindings: 0 params, 1 words (step, sticky), 2 partial, 3 fault before, 4 control, 5 fault after, 6 loss.
// Without a loss (HAS_LOSS false) binding 6 repeats the partials and is not read.
// #import finite

struct Params { partials: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<uniform> words: array<vec4<u32>, 1>;
@group(0) @binding(2) var<storage, read> partial: array<f32>;
@group(0) @binding(3) var<storage, read> before: array<i32>;
@group(0) @binding(4) var<storage, read_write> control: array<f32>;
@group(0) @binding(5) var<storage, read_write> after: array<i32>;
@group(0) @binding(6) var<storage, read> loss: array<f32>;

var<workgroup> squares: array<f32, 64>;
var<workgroup> faults: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) {
  var sum = 0.0;
  var fault = 0.0;
  for (var i = lane; i < params.partials; i += 64u) {
    sum += partial[2u * i];
    fault += partial[2u * i + 1u];
  }
  squares[lane] = sum;
  faults[lane] = fault;
  workgroupBarrier();
  if (lane == 0u) {
    for (var i = 1u; i < 64u; i++) {
      sum += squares[i];
      fault += faults[i];
    }
    var isFinite = fault == 0.0;
    if (HAS_LOSS) { isFinite = isFinite && is_finite(loss[0]); }
    let step = bitcast<i32>(words[0][0]);
    let isSticky = words[0][1] != 0u;
    let ok = isFinite && !(isSticky && before[1] != 0i);
    control[0] = sqrt(sum);
    control[1] = select(0.0, 1.0, ok);
    control[2] = 0.0;
    control[3] = 0.0;
    after[0] = before[0] + select(1i, 0i, ok);
    after[1] = select(before[1], step + 1i, !isFinite && before[1] == 0i);
    after[2] = 0i;
    after[3] = 0i;
  }
}
