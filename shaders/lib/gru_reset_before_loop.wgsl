// GRU forward, reset gate before the product, the loop over a run of time steps, for the plans stream and
// resident. Equations and tensors: lib/gru_reset_before_forward.
//
// One workgroup: one tile of 8 batch rows. One invocation: one unit with its three gates.
// h and u lie in workgroup memory: two barriers a step. 64 bytes a lane.
// `carry` hands h from one run of steps to the next.
// `weight` and its kin are the shader's, by lib/streamed_weights or lib/resident_weights.
// Constants: UNITS (lanes, at least H), SAVE_GATES.
// #import gru_reset_before_forward

const RESET_TILE = 2u * UNITS;

var<workgroup> tiles: array<vec4<f32>, 4u * UNITS>; // h, then u

fn hidden(at: u32) -> vec4<f32> {
  return tiles[at];
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
  var low = vec4<f32>();
  var high = vec4<f32>();
  // Lanes past the last unit only keep the barriers company.
  let is_unit = unit < params.units;
  if (is_unit && params.fresh == 0u) {
    let at = carry_at(params.begin & 1u, tile) + 2u * unit;
    low = carry[at];
    high = carry[at + 1u];
  }
  tiles[2u * unit] = low;
  tiles[2u * unit + 1u] = high;
  workgroupBarrier();
  for (var step = params.begin; step < params.end; step += 1u) {
    let now = moment_of(tile, step);
    let runs = is_active(now);
    var gates_low = Gates();
    var gates_high = Gates();
    if (is_unit) {
      var sums = GateSums();
      if (runs) { sums = gate_product(0u, first_weight(now) + unit); }
      gates_low = gru_gates(now, 0u, unit, sums.low, low);
      gates_high = gru_gates(now, 1u, unit, sums.high, high);
    }
    if (runs) {
      tiles[RESET_TILE + 2u * unit] = gates_low.reset_state;
      tiles[RESET_TILE + 2u * unit + 1u] = gates_high.reset_state;
      workgroupBarrier();
    }
    if (is_unit) {
      var sum = CandidateSums();
      if (runs) { sum = candidate_product(RESET_TILE, first_weight(now) + 2u * params.units + unit); }
      low = gru_state(now, 0u, unit, sum.low, gates_low.update, low);
      high = gru_state(now, 1u, unit, sum.high, gates_high.update, high);
    }
    // Where all rows hold their state, so does the tile.
    if (runs) {
      tiles[2u * unit] = low;
      tiles[2u * unit + 1u] = high;
      workgroupBarrier();
    }
  }
  if (!is_unit) { return; }
  let at = carry_at(params.end & 1u, tile) + 2u * unit;
  carry[at] = low;
  carry[at + 1u] = high;
}
