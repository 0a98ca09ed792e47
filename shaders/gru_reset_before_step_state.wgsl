// GRU forward, reset gate before the product, second half of a time step: n and h. Equations and tensors:
// lib/gru_reset_before_forward.
//
// One workgroup: UNITS units of one tile of 8 batch rows. One invocation: one unit. No barriers.
// Reads u, z and h of the step's parity in `carry`, writes h of the other parity.
// Constants: UNITS, SAVE_GATES.
// #import gru_reset_before_forward
// #import streamed_weights

fn hidden(at: u32) -> vec4<f32> {
  return carry[at];
}

@compute @workgroup_size(UNITS)
fn main(
  @builtin(global_invocation_id) invocation: vec3<u32>,
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) counts: vec3<u32>,
) {
  let unit = invocation.x;
  let tile = tile_of(workgroup, counts);
  if (unit >= params.units || is_beyond_batch(tile)) { return; }
  let step = params.begin;
  let now = moment_of(tile, step);
  var low = vec4<f32>();
  var high = vec4<f32>();
  var sum = CandidateSums();
  if (has_before(step)) {
    let before = carry_at(step & 1u, tile) + 2u * unit;
    low = carry[before];
    high = carry[before + 1u];
    if (is_active(now)) {
      let weights = first_weight(now) + 2u * params.units + unit;
      sum = candidate_product(carry_at(RESET_STATE_PLANE, tile), weights);
    }
  }
  let update = carry_at(UPDATE_PLANE, tile) + 2u * unit;
  let after = carry_at((step + 1u) & 1u, tile) + 2u * unit;
  carry[after] = gru_state(now, 0u, unit, sum.low, carry[update], low);
  carry[after + 1u] = gru_state(now, 1u, unit, sum.high, carry[update + 1u], high);
}
