// GRU backward, reset gate after the product, the loop over a run of time steps, for the plans stream and
// resident. Equations and tensors: lib/gru_backward.
//
// One workgroup: one tile of 8 batch rows. One invocation: one unit, and a part of four units' products; dh in
// registers. dq lies in workgroup memory; two barriers a step. 224 bytes a lane; UNITS lanes, at least H.
// `carry` hands dh from one run of steps to the one before it, and out.
// `weight` and its kin are the shader's, by lib/streamed_weights or lib/resident_weights.
// Constants: UNITS.
// #import gru_backward

var<workgroup> dq_tile: array<vec4<f32>, 6u * UNITS>;

fn source(at: u32) -> vec4<f32> {
  return dq_tile[at];
}

fn put_dq(at: u32, dq: mat3x4<f32>) {
  dq_tile[at] = dq[0];
  dq_tile[at + 2u * params.units] = dq[1];
  dq_tile[at + 4u * params.units] = dq[2];
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
  let carried = carry_at(STATE_PLANE, tile) + 2u * unit;
  var dh = Rows();
  if (unit < params.units && params.fresh == 0u) { dh = Rows(carry[carried], carry[carried + 1u]); }
  for (var step = params.end; step > params.begin; ) {
    step -= 1u;
    let now = moment_of(tile, step);
    if (unit < params.units) {
      let low = gru_cell_gradient(now, 0u, unit, dh.low);
      let high = gru_cell_gradient(now, 1u, unit, dh.high);
      put_dq(2u * unit, low.dq);
      put_dq(2u * unit + 1u, high.dq);
      dh = Rows(low.held, high.held);
    }
    if (is_active(now)) {
      workgroupBarrier();
      let product = split_product(recurrent_terms(now, 0u), 0u, unit);
      dh = Rows(dh.low + product.low, dh.high + product.high);
    }
  }
  if (unit < params.units) {
    carry[carried] = dh.low;
    carry[carried + 1u] = dh.high;
  }
}
