// GRU forward, reset gate after the product, the loop over a run of time steps, for the plans stream and resident.
// Equations and tensors: lib/gru_forward.
//
// One workgroup: one tile of 8 batch rows. One invocation: one unit with its three gates.
// h lies in workgroup memory twice (read one, write the other): one barrier a step. 64 bytes a lane.
// `carry` hands h from one run of steps to the next.
// `weight` and its kin are the shader's, by lib/streamed_weights or lib/resident_weights.
// Constants: UNITS (lanes, at least H), SAVE_GATES.
// #import gru_forward

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
  var low = vec4<f32>();
  var high = vec4<f32>();
  // Lanes past the last unit only keep the barriers company.
  let is_unit = unit < params.units;
  if (is_unit && params.fresh == 0u) {
    let at = carry_at(params.begin & 1u, tile) + 2u * unit;
    low = carry[at];
    high = carry[at + 1u];
  }
  hidden_tiles[2u * unit] = low;
  hidden_tiles[2u * unit + 1u] = high;
  var read_from = 0u;
  var write_to = 2u * UNITS;
  workgroupBarrier();
  for (var step = params.begin; step < params.end; step += 1u) {
    let now = moment_of(tile, step);
    let runs = is_active(now);
    if (is_unit) {
      var q = recurrent_bias_sums(now, unit);
      if (runs && has_before(step)) { q = add_recurrent(q, read_from, first_weight(now) + unit); }
      low = gru_cell(now, 0u, unit, q.low, low);
      high = gru_cell(now, 1u, unit, q.high, high);
    }
    // Where all rows hold their state, so does the tile.
    if (runs) {
      hidden_tiles[write_to + 2u * unit] = low;
      hidden_tiles[write_to + 2u * unit + 1u] = high;
      write_to = read_from;
      read_from = 2u * UNITS - write_to;
      workgroupBarrier();
    }
  }
  if (!is_unit) { return; }
  let at = carry_at(params.end & 1u, tile) + 2u * unit;
  carry[at] = low;
  carry[at + 1u] = high;
}
