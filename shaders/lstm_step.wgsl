// LSTM forward, one time step a dispatch; any H. Equations and tensors: lib/lstm_forward.
//
// One workgroup: UNITS units of one tile of 8 batch rows. One invocation: one unit with its four gates.
// h and c lie in `carry`; a step reads the h of its parity and writes the other. No barriers.
// Constants: UNITS, SAVE_CELLS, SAVE_GATES.
// #import lstm_forward
// #import streamed_weights

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
  let step = params.begin;
  let now = moment_of(tile, step);
  let runs = is_active(now);
  let before = carry_at(step & 1u, tile);
  let after = carry_at((step + 1u) & 1u, tile) + 2u * unit;
  let c = carry_at(CELL_PLANE, tile) + 2u * unit;
  var low = State();
  var high = State();
  var sums = Sums();
  if (runs) { sums = projected_sums(now, unit); }
  if (has_before(step)) {
    low = State(carry[before + 2u * unit], carry[c]);
    high = State(carry[before + 2u * unit + 1u], carry[c + 1u]);
    if (runs) { sums = add_recurrent(sums, before, first_weight(now) + unit); }
  }
  low = lstm_cell(now, 0u, unit, sums.low, low);
  high = lstm_cell(now, 1u, unit, sums.high, high);
  carry[after] = low.h;
  carry[after + 1u] = high.h;
  carry[c] = low.c;
  carry[c + 1u] = high.c;
}
