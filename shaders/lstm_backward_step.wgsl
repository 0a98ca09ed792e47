// LSTM backward, one time step a dispatch; any H. Equations and tensors: lib/lstm_backward.
//
// One workgroup: UNITS units of one tile of 8 batch rows. One invocation: one unit, and a part of four units'
// products. A step multiplies the da of the step after it and writes its own. With begin = end = 0 it only
// multiplies: dh of the initial state. One barrier.
// Constants: UNITS.
// #import lstm_backward
// #import streamed_weights

fn source(at: u32) -> vec4<f32> {
  return carry[at];
}

fn put_da(at: u32, da: mat4x4<f32>) {
  carry[at] = da[0];
  carry[at + 2u * params.units] = da[1];
  carry[at + 4u * params.units] = da[2];
  carry[at + 6u * params.units] = da[3];
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
  var dc = Rows();
  let after = moment_of(tile, params.end);
  if (params.fresh == 0u && is_active(after)) {
    dh = split_product(recurrent_terms(after, da_at(params.end, tile)), first_unit, local);
  }
  if (unit >= params.units) { return; }
  let carried_h = carry_at(STATE_PLANE, tile) + 2u * unit;
  let carried_c = carry_at(CELL_PLANE, tile) + 2u * unit;
  if (params.fresh == 0u) {
    dh = Rows(dh.low + carry[carried_h], dh.high + carry[carried_h + 1u]);
    dc = Rows(carry[carried_c], carry[carried_c + 1u]);
  }
  if (params.begin == params.end) {
    carry[carried_h] = dh.low;
    carry[carried_h + 1u] = dh.high;
    return;
  }
  let now = moment_of(tile, step);
  let low = lstm_cell_gradient(now, 0u, unit, dh.low, dc.low);
  let high = lstm_cell_gradient(now, 1u, unit, dh.high, dc.high);
  let da = da_at(step, tile) + 2u * unit;
  put_da(da, low.da);
  put_da(da + 1u, high.da);
  carry[carried_h] = low.held;
  carry[carried_h + 1u] = high.held;
  carry[carried_c] = low.dc;
  carry[carried_c + 1u] = high.dc;
}
