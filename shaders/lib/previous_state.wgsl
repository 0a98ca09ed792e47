// The state before a step, as the backward kernels of both GRUs need it: h_{t-1}, or the initial state.
// Binding `states` [B,T,H] and `carry` are the shader's, as is INITIAL_STATE_PLANE of `carry`.

// h_{t-1} of half 0 or 1 of a tile.
fn previous_state(tile: u32, half: u32, step: u32, unit: u32) -> vec4<f32> {
  if (step > 0u) {
    let rows = four_rows(tile * ROWS + 4u * half);
    let at = (rows * params.time + time_of(step - 1u)) * params.units + unit;
    return vec4<f32>(states[at.x], states[at.y], states[at.z], states[at.w]);
  }
  if (!has(INITIAL)) { return vec4<f32>(); }
  return carry[carry_at(INITIAL_STATE_PLANE, tile) + 2u * unit + half];
}
