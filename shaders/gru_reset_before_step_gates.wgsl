// GRU forward, reset gate before the product, first half of a time step: z and u. Equations and tensors:
// lib/gru_reset_before_forward.
//
// One workgroup: UNITS units of one tile of 8 batch rows. One invocation: one unit. No barriers.
// Reads h of the step's parity in `carry`, writes u and z there.
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
  let before = carry_at(step & 1u, tile);
  var low = vec4<f32>();
  var high = vec4<f32>();
  var sums = GateSums();
  if (has_before(step)) {
    low = carry[before + 2u * unit];
    high = carry[before + 2u * unit + 1u];
    if (is_active(now)) { sums = gate_product(before, first_weight(now) + unit); }
  }
  let gates_low = gru_gates(now, 0u, unit, sums.low, low);
  let gates_high = gru_gates(now, 1u, unit, sums.high, high);
  let reset_state = carry_at(RESET_STATE_PLANE, tile) + 2u * unit;
  carry[reset_state] = gates_low.reset_state;
  carry[reset_state + 1u] = gates_high.reset_state;
  let update = carry_at(UPDATE_PLANE, tile) + 2u * unit;
  carry[update] = gates_low.update;
  carry[update + 1u] = gates_high.update;
}
