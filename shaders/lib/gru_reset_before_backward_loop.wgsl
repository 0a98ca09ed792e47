// GRU backward, reset gate before the product, the loop over a run of time steps, for the plans stream and
// resident. Equations and tensors: lib/gru_reset_before_backward.
//
// One workgroup: one tile of 8 batch rows. One invocation: one unit, and a part of four units' products; dh in
// registers. da lies in workgroup memory; four barriers a step. 224 bytes a lane; UNITS lanes, at least H.
// `carry` hands dh from one run of steps to the one before it, and out.
// `weight` and its kin are the shader's, by lib/streamed_weights or lib/resident_weights.
// Constants: UNITS.
// #import gru_reset_before_backward

var<workgroup> da_tile: array<vec4<f32>, 6u * UNITS>;

fn source(at: u32) -> vec4<f32> {
  return da_tile[at];
}

fn put_da(gate: u32, unit: u32, low: vec4<f32>, high: vec4<f32>) {
  let at = 2u * (gate * params.units + unit);
  da_tile[at] = low;
  da_tile[at + 1u] = high;
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
    let runs = is_active(now);
    if (unit < params.units) {
      let low = state_gradient(now, 0u, unit, dh.low);
      let high = state_gradient(now, 1u, unit, dh.high);
      put_da(0u, unit, low.da_z, high.da_z);
      put_da(2u, unit, low.da_n, high.da_n);
      dh = Rows(low.held, high.held);
    }
    var du = Rows();
    if (runs) {
      workgroupBarrier();
      du = split_product(candidate_terms(now, 0u), 0u, unit);
    }
    if (unit < params.units) {
      let low = reset_gradient(now, 0u, unit, du.low);
      let high = reset_gradient(now, 1u, unit, du.high);
      put_da(1u, unit, low.da_r, high.da_r);
      dh = Rows(dh.low + low.held, dh.high + high.held);
    }
    if (runs) {
      workgroupBarrier();
      let product = split_product(gate_terms(now, 0u), 0u, unit);
      dh = Rows(dh.low + product.low, dh.high + product.high);
    }
  }
  if (unit < params.units) {
    carry[carried] = dh.low;
    carry[carried + 1u] = dh.high;
  }
}
