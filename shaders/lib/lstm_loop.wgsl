// LSTM forward, the loop over a run of time steps, for the plans stream and resident. Equations and tensors:
// lib/lstm_forward.
//
// One workgroup: one tile of 8 batch rows. One invocation: one unit with its four gates, c in registers.
// h lies in workgroup memory twice (read one, write the other): one barrier a step. 64 bytes a lane.
// `carry` hands h and c from one run of steps to the next.
// `weight` and its kin are the shader's, by lib/streamed_weights or lib/resident_weights.
// Constants: UNITS (lanes, at least H), SAVE_CELLS, SAVE_GATES.
// #import lstm_forward

var<workgroup> hidden_tiles: array<vec4<f32>, 4u * UNITS>;

fn hidden(at: u32) -> vec4<f32> {
  return hidden_tiles[at];
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
  var low = State();
  var high = State();
  // Lanes past the last unit only keep the barriers company.
  let is_unit = unit < params.units;
  if (is_unit && params.fresh == 0u) {
    let h = carry_at(params.begin & 1u, tile) + 2u * unit;
    let c = carry_at(CELL_PLANE, tile) + 2u * unit;
    low = State(carry[h], carry[c]);
    high = State(carry[h + 1u], carry[c + 1u]);
  }
  hidden_tiles[2u * unit] = low.h;
  hidden_tiles[2u * unit + 1u] = high.h;
  var read_from = 0u;
  var write_to = 2u * UNITS;
  workgroupBarrier();
  for (var step = params.begin; step < params.end; step += 1u) {
    let now = moment_of(tile, step);
    let runs = is_active(now);
    if (is_unit) {
      var sums = Sums();
      if (runs) { sums = projected_sums(now, unit); }
      if (runs && has_before(step)) { sums = add_recurrent(sums, read_from, first_weight(now) + unit); }
      low = lstm_cell(now, 0u, unit, sums.low, low);
      high = lstm_cell(now, 1u, unit, sums.high, high);
    }
    // Where all rows hold their state, so does the tile.
    if (runs) {
      hidden_tiles[write_to + 2u * unit] = low.h;
      hidden_tiles[write_to + 2u * unit + 1u] = high.h;
      write_to = read_from;
      read_from = 2u * UNITS - write_to;
      workgroupBarrier();
    }
  }
  if (!is_unit) { return; }
  let h = carry_at(params.end & 1u, tile) + 2u * unit;
  let c = carry_at(CELL_PLANE, tile) + 2u * unit;
  carry[h] = low.h;
  carry[h + 1u] = high.h;
  carry[c] = low.c;
  carry[c + 1u] = high.c;
}
