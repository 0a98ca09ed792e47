// LSTM forward, one time step a dispatch; any H. Equations and tensors: lib/lstm_forward.
//
// One workgroup: UNITS units of one tile of 8 batch rows. One invocation: one unit with its four gates.
// h and c lie in `carry`; a step reads the h of its parity and writes the other. No barriers.
// Constants: UNITS, SAVE_CELLS, SAVE_GATES.
// #import lstm_forward

fn hidden(at: u32) -> vec4<f32> {
  return carry[at];
}

@compute @workgroup_size(UNITS)
fn main(
  @builtin(global_invocation_id) invocation: vec3<u32>,
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) counts: vec3<u32>,
) {
  let unit = invocation.x;
  let tile = tile_of(workgroup, counts);
  if (unit >= params.units || is_beyond_batch(tile)) { return; }
  let first_row = tile * ROWS;
  let step = params.begin;
  let time = time_of(step);
  let before = carry_at(step & 1u, tile);
  let after = carry_at((step + 1u) & 1u, tile) + 2u * unit;
  let c = carry_at(CELL_PLANE, tile) + 2u * unit;
  var low = State();
  var high = State();
  var sums = projected_sums(first_row, time, unit);
  if (has_before(step)) {
    low = State(carry[before + 2u * unit], carry[c]);
    high = State(carry[before + 2u * unit + 1u], carry[c + 1u]);
    sums = add_recurrent(sums, before, unit);
  }
  low = lstm_cell(first_row, time, unit, sums.low, low);
  high = lstm_cell(first_row + 4u, time, unit, sums.high, high);
  carry[after] = low.h;
  carry[after + 1u] = high.h;
  carry[c] = low.c;
  carry[c + 1u] = high.c;
}
