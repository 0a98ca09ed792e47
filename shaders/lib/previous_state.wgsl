// The state before a step, as the backward kernels of both GRUs need it: h_{t-1}, or the initial state.
// Binding `states` [D,B,T,H] and `carry` are the shader's, as is INITIAL_STATE_PLANE of `carry`.

// h_{t-1} of half 0 or 1 of a tile.
fn previous_state(now: Moment, half: u32, unit: u32) -> vec4<f32> {
  if (now.step > 0u) {
    let at = places_of(moment_of(now.tile, now.step - 1u), half) * params.units + unit;
    return vec4<f32>(vec4<Element>(states[at.x], states[at.y], states[at.z], states[at.w]));
  }
  if (!has(INITIAL)) { return vec4<f32>(); }
  return carry[carry_at(INITIAL_STATE_PLANE, now.tile) + 2u * unit + half];
}
