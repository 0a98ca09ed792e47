// The recurrent weights of a kernel, read once and kept in workgroup memory for all steps of a dispatch.
// Binding `matrix` [D,...] and width() are the shader's: H width() words a direction. Constants: UNITS (lanes) and
// WEIGHTS, at least H width(). Workgroup memory: 4 bytes a weight.

var<workgroup> kept_weights: array<f32, WEIGHTS>;

// Where the weights of a tile's direction begin.
fn first_weight(_now: Moment) -> u32 {
  return 0u;
}

fn weight(at: u32) -> f32 {
  return kept_weights[at];
}

// Before the first product there has to be a barrier.
fn keep_weights(tile: u32, lane: u32) {
  let count = params.units * width();
  let first = standing_of(tile).direction * count;
  for (var at = lane; at < count; at += UNITS) {
    kept_weights[at] = matrix[first + at];
  }
}
