// GRU forward, reset gate after the product, one time step a dispatch; any H. Equations and tensors:
// lib/gru_forward.
//
// One workgroup: UNITS units of one tile of 8 batch rows. One invocation: one unit with its three gates.
// h lies in `carry`; a step reads the h of its parity and writes the other. No barriers.
// Constants: UNITS, SAVE_GATES.
// #import gru_forward
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
  let after = carry_at((step + 1u) & 1u, tile) + 2u * unit;
  var low = vec4<f32>();
  var high = vec4<f32>();
  var q = recurrent_bias_sums(now, unit);
  if (has_before(step)) {
    low = carry[before + 2u * unit];
    high = carry[before + 2u * unit + 1u];
    if (is_active(now)) { q = add_recurrent(q, before, first_weight(now) + unit); }
  }
  carry[after] = gru_cell(now, 0u, unit, q.low, low);
  carry[after + 1u] = gru_cell(now, 1u, unit, q.high, high);
}
