// simpleRNN forward, one time step a dispatch; any H. Equations and tensors: lib/simple_rnn_forward.
//
// One workgroup: UNITS units of one tile of 8 batch rows. One invocation: one unit, and a part of four units'
// products. h lies in `carry`; a step reads the h of its parity and writes the other. One barrier.
// Constants: UNITS, RELU.
// #import simple_rnn_forward
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
  let now = moment_of(tile, step);
  let before = carry_at(step & 1u, tile);
  var product = Rows();
  if (has_before(step) && is_active(now)) {
    product = split_product(recurrent_terms(now, before), first_unit, local);
  }
  if (unit >= params.units) { return; }
  var h = Rows();
  if (has_before(step)) {
    h = Rows(carry[before + 2u * unit], carry[before + 2u * unit + 1u]);
  }
  let after = carry_at((step + 1u) & 1u, tile) + 2u * unit;
  carry[after] = simple_rnn_cell(now, 0u, unit, product.low, h.low);
  carry[after + 1u] = simple_rnn_cell(now, 1u, unit, product.high, h.high);
}
