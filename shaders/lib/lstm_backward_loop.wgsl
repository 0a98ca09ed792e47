// LSTM backward, the loop over a run of time steps, for the plans stream and resident. Equations and tensors:
// lib/lstm_backward.
//
// One workgroup: one tile of 8 batch rows. One invocation: one unit, and a part of four units' products; dh and
// dc in registers. da lies in workgroup memory; two barriers a step. 256 bytes a lane; UNITS lanes, at least H.
// `carry` hands dh and dc from one run of steps to the one before it, and out.
// `weight` and its kin are the shader's, by lib/streamed_weights or lib/resident_weights.
// Constants: UNITS.
// #import lstm_backward

var<workgroup> da_tile: array<vec4<f32>, 8u * UNITS>;

fn source(at: u32) -> vec4<f32> {
  return da_tile[at];
}

fn put_da(at: u32, da: mat4x4<f32>) {
  da_tile[at] = da[0];
  da_tile[at + 2u * params.units] = da[1];
  da_tile[at + 4u * params.units] = da[2];
  da_tile[at + 6u * params.units] = da[3];
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
  let carried_h = carry_at(STATE_PLANE, tile) + 2u * unit;
  let carried_c = carry_at(CELL_PLANE, tile) + 2u * unit;
  var dh = Rows();
  var dc = Rows();
  if (unit < params.units && params.fresh == 0u) {
    dh = Rows(carry[carried_h], carry[carried_h + 1u]);
    dc = Rows(carry[carried_c], carry[carried_c + 1u]);
  }
  for (var step = params.end; step > params.begin; ) {
    step -= 1u;
    let now = moment_of(tile, step);
    if (unit < params.units) {
      let low = lstm_cell_gradient(now, 0u, unit, dh.low, dc.low);
      let high = lstm_cell_gradient(now, 1u, unit, dh.high, dc.high);
      put_da(2u * unit, low.da);
      put_da(2u * unit + 1u, high.da);
      dh = Rows(low.held, high.held);
      dc = Rows(low.dc, high.dc);
    }
    if (is_active(now)) {
      workgroupBarrier();
      let product = split_product(recurrent_terms(now, 0u), 0u, unit);
      dh = Rows(dh.low + product.low, dh.high + product.high);
    }
  }
  if (unit < params.units) {
    carry[carried_h] = dh.low;
    carry[carried_h + 1u] = dh.high;
    carry[carried_c] = dc.low;
    carry[carried_c + 1u] = dc.high;
  }
}
