// The loss scale of gradient_check_finish where it follows the gradients. State: (scale, 1 / scale, good steps, 0).
//   not finite: scale / 2, good steps 0       `growth` finite steps in a row: scale · 2, good steps 0
// The scale stays from LEAST to MOST. 1 / scale is kept beside it, because an adapter's division may round where
// powers of two do not.
// Bindings: 7 state before, 8 state after. Constants: LEAST, MOST, powers of two.
@group(0) @binding(7) var<storage, read> scale_before: array<f32>;
@group(0) @binding(8) var<storage, read_write> scale_after: array<f32>;

// Takes one step in; nothing changes where training has stopped. Gives whether the step is one that the smaller
// scale may mend: there is no smaller one than LEAST.
fn rescale(all_finite: bool, is_stopped: bool) -> bool {
  let growth = bitcast<i32>(words[0][2]);
  var scale = scale_before[0];
  var inverse = scale_before[1];
  var good = scale_before[2];
  let has_room = scale > LEAST;
  if (!is_stopped) {
    good = select(0.0, good + 1.0, all_finite);
    if (good >= f32(growth)) {
      good = 0.0;
      let is_at_most = scale * 2.0 >= MOST;
      inverse = select(inverse * 0.5, 1.0 / MOST, is_at_most);
      scale = select(scale * 2.0, MOST, is_at_most);
    }
    if (!all_finite) {
      let is_at_least = scale * 0.5 <= LEAST;
      inverse = select(inverse * 2.0, 1.0 / LEAST, is_at_least);
      scale = select(scale * 0.5, LEAST, is_at_least);
    }
  }
  scale_after[0] = scale;
  scale_after[1] = inverse;
  scale_after[2] = good;
  scale_after[3] = 0.0;
  return !all_finite && !is_stopped && has_room;
}
