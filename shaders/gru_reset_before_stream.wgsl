// GRU forward, reset gate before the product, a run of time steps in one dispatch. Equations and tensors:
// lib/gru_reset_before_forward.
//
// One workgroup: one tile of 8 batch rows. One invocation: one unit with its three gates.
// h and u lie in workgroup memory: two barriers a step. 64 bytes a lane.
// `carry` hands h from one run of steps to the next.
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
  let first_row = tile * ROWS;
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
    let time = time_of(step);
    var gates_low = Gates();
    var gates_high = Gates();
    if (is_unit) {
      let sums = gate_product(0u, unit);
      gates_low = gru_gates(first_row, time, unit, sums.low, low);
      gates_high = gru_gates(first_row + 4u, time, unit, sums.high, high);
    }
    tiles[RESET_TILE + 2u * unit] = gates_low.reset_state;
    tiles[RESET_TILE + 2u * unit + 1u] = gates_high.reset_state;
    workgroupBarrier();
    if (is_unit) {
      let sum = candidate_product(RESET_TILE, unit);
      low = gru_state(first_row, time, unit, sum.low, gates_low.update, low);
      high = gru_state(first_row + 4u, time, unit, sum.high, gates_high.update, high);
    }
    tiles[2u * unit] = low;
    tiles[2u * unit + 1u] = high;
    workgroupBarrier();
  }
  if (!is_unit) { return; }
  let at = carry_at(params.end & 1u, tile) + 2u * unit;
  carry[at] = low;
  carry[at + 1u] = high;
}
