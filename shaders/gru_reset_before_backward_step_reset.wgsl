// GRU backward, reset gate before the product, second half of a time step: da of r. Equations and tensors:
// lib/gru_reset_before_backward.
//
// One workgroup: UNITS units of one tile of 8 batch rows. One invocation: one unit, and a part of four units'
// products. Multiplies da of n of the same step. One barrier.
// Constants: UNITS.
// #import gru_reset_before_backward
// #import streamed_weights

fn source(at: u32) -> vec4<f32> {
  return carry[at];
}

@compute @workgroup_size(UNITS)
fn main(
  @builtin(local_invocation_index) local: u32,
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) counts: vec3<u32>,
) {
  let tile = tile_of(workgroup, counts);
  if (is_beyond_batch(tile)) { return; }
  let first_unit = workgroup.x * UNITS;
  let unit = first_unit + local;
  let step = params.begin;
  let da = da_at(step, tile);
  let now = moment_of(tile, step);
  var du = Rows();
  if (is_active(now)) { du = split_product(candidate_terms(now, da), first_unit, local); }
  if (unit >= params.units) { return; }
  let low = reset_gradient(now, 0u, unit, du.low);
  let high = reset_gradient(now, 1u, unit, du.high);
  let at = da + 2u * (params.units + unit);
  carry[at] = low.da_r;
  carry[at + 1u] = high.da_r;
  let carried = carry_at(STATE_PLANE, tile) + 2u * unit;
  carry[carried] += low.held;
  carry[carried + 1u] += high.held;
}
