// simpleRNN backward, one time step a dispatch; any H. Equations and tensors: lib/simple_rnn_backward.
//
// One workgroup: UNITS units of one tile of 8 batch rows. One invocation: one unit, and a part of four units'
// products. A step multiplies the da of the step after it and writes its own. With begin = end = 0 it only
// multiplies: dh of the initial state. One barrier.
// Constants: UNITS, RELU.
// #import simple_rnn_backward
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
  var dh = Rows();
  let after = moment_of(tile, params.end);
  if (params.fresh == 0u && is_active(after)) {
    dh = split_product(recurrent_terms(after, da_at(params.end, tile)), first_unit, local);
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
  let low = simple_rnn_cell_gradient(now, 0u, unit, dh.low);
  let high = simple_rnn_cell_gradient(now, 1u, unit, dh.high);
  let da = da_at(step, tile) + 2u * unit;
  carry[da] = low.da;
  carry[da + 1u] = high.da;
  carry[carried] = low.held;
  carry[carried + 1u] = high.held;
}
