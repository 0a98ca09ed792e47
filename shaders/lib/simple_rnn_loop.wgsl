// simpleRNN forward, the loop over a run of time steps, for the plans stream and resident. Equations and tensors:
// lib/simple_rnn_forward.
//
// One workgroup: one tile of 8 batch rows. One invocation: one unit, and a part of four units' products.
// h lies in workgroup memory; two barriers a step. 160 bytes a lane; UNITS lanes, at least H.
// `carry` hands h from one run of steps to the next.
// `weight` and its kin are the shader's, by lib/streamed_weights or lib/resident_weights.
// Constants: UNITS, RELU.
// #import simple_rnn_forward

var<workgroup> hidden: array<vec4<f32>, 2u * UNITS>;

fn source(at: u32) -> vec4<f32> {
  return hidden[at];
}

@compute @workgroup_size(UNITS)
fn main(
  @builtin(local_invocation_index) unit: u32,
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) counts: vec3<u32>,
) {
  let tile = tile_of(workgroup, counts);
  if (is_beyond_batch(tile)) { return; }
  keep_weights(tile, unit);
  var h = Rows();
  if (unit < params.units && params.fresh == 0u) {
    let at = carry_at(params.begin & 1u, tile) + 2u * unit;
    h = Rows(carry[at], carry[at + 1u]);
  }
  for (var step = params.begin; step < params.end; step += 1u) {
    let now = moment_of(tile, step);
    var product = Rows();
    if (is_active(now)) {
      hidden[2u * unit] = h.low;
      hidden[2u * unit + 1u] = h.high;
      workgroupBarrier();
      product = split_product(recurrent_terms(now, 0u), 0u, unit);
    }
    if (unit < params.units) {
      h.low = simple_rnn_cell(now, 0u, unit, product.low, h.low);
      h.high = simple_rnn_cell(now, 1u, unit, product.high, h.high);
    }
  }
  if (unit < params.units) {
    let at = carry_at(params.end & 1u, tile) + 2u * unit;
    carry[at] = h.low;
    carry[at + 1u] = h.high;
  }
}
