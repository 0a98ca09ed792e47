// GRU backward, reset gate after the product, one time step a dispatch; any H. Equations and tensors:
// lib/gru_backward.
//
// One workgroup: UNITS units of one tile of 8 batch rows. One invocation: one unit, and a part of four units'
// products. A step multiplies the dq of the step after it and writes its own. With begin = end = 0 it only
// multiplies: dh of the initial state. One barrier.
// Constants: UNITS.
// #import gru_backward
// #import streamed_weights

fn source(at: u32) -> vec4<f32> {
  return carry[at];
}

fn put_dq(at: u32, dq: mat3x4<f32>) {
  carry[at] = dq[0];
  carry[at + 2u * params.units] = dq[1];
  carry[at + 4u * params.units] = dq[2];
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
  var dh = Rows();
  let after = moment_of(tile, params.end);
  if (params.fresh == 0u && is_active(after)) {
    dh = split_product(recurrent_terms(after, dq_at(params.end, tile)), first_unit, local);
  }
  if (unit >= params.units) { return; }
  let carried = carry_at(STATE_PLANE, tile) + 2u * unit;
  if (params.fresh == 0u) {
    dh = Rows(dh.low + carry[carried], dh.high + carry[carried + 1u]);
  }
  if (params.begin == params.end) {
    carry[carried] = dh.low;
    carry[carried + 1u] = dh.high;
    return;
  }
  let now = moment_of(tile, step);
  let low = gru_cell_gradient(now, 0u, unit, dh.low);
  let high = gru_cell_gradient(now, 1u, unit, dh.high);
  let dq = dq_at(step, tile) + 2u * unit;
  put_dq(dq, low.dq);
  put_dq(dq + 1u, high.dq);
  carry[carried] = low.held;
  carry[carried + 1u] = high.held;
}
