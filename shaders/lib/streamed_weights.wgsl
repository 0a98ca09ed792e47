// The recurrent weights of a kernel, read where they lie: every step reads them again, through the caches.
// Binding `matrix` [D,...] and width() are the shader's: H width() words a direction.

// Where the weights of a tile's direction begin.
fn first_weight(now: Moment) -> u32 {
  return now.direction * params.units * width();
}

fn weight(at: u32) -> f32 {
  return matrix[at];
}

fn keep_weights(_tile: u32, _lane: u32) {}
