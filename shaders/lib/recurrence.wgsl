// What the forward and backward kernels of the recurrent op share: the order of time, the mask, activations and
// products of four batch rows.
// Binding `mask` (bool [B,T]) is the shader's.
// #import activations
// #import row_tiles

// A tile at a step, which counts in the order of computation; `time` is its place in the sequence.
struct Moment { tile: u32, direction: u32, first_row: u32, step: u32, time: u32 }

fn moment_of(tile: u32, step: u32) -> Moment {
  let standing = standing_of(tile);
  let backwards = has(REVERSE) != (standing.direction == 1u);
  let time = select(step, params.time - 1u - step, backwards);
  return Moment(tile, standing.direction, standing.first_row, step, time);
}

// Rows of half 0 or 1 of the tile, within the batch.
fn rows_of(now: Moment, half: u32) -> vec4<u32> {
  return four_rows(now.first_row + 4u * half);
}

// Where those rows stand in tensors [D,B,T,...], counted in steps.
fn places_of(now: Moment, half: u32) -> vec4<u32> {
  return (rows_of(now, half) + now.direction * params.batch) * params.time + now.time;
}

// Forward: whether there is a state to multiply.
fn has_before(step: u32) -> bool {
  return params.fresh == 0u || step != params.begin;
}

// False where the mask holds the state.
fn active_rows(now: Moment, half: u32) -> vec4<bool> {
  if (!has(MASK)) { return vec4<bool>(true); }
  let at = rows_of(now, half) * params.time + now.time;
  return vec4<bool>(mask[at.x] != 0u, mask[at.y] != 0u, mask[at.z] != 0u, mask[at.w] != 0u);
}

// Whether a row of the tile counts at this time. The same for a whole workgroup, so barriers may depend on it.
fn is_active(now: Moment) -> bool {
  return any(active_rows(now, 0u)) || any(active_rows(now, 1u));
}

fn tanh_rows(x: vec4<f32>) -> vec4<f32> {
  return vec4<f32>(tanh_accurate(x.x), tanh_accurate(x.y), tanh_accurate(x.z), tanh_accurate(x.w));
}

fn sigmoid_rows(x: vec4<f32>) -> vec4<f32> {
  return vec4<f32>(sigmoid(x.x), sigmoid(x.y), sigmoid(x.z), sigmoid(x.w));
}

// Outer products: column n is `rows` times weight n.
fn outer_2(rows: vec4<f32>, weights: vec2<f32>) -> mat2x4<f32> {
  return mat2x4<f32>(rows * weights.x, rows * weights.y);
}

fn outer_3(rows: vec4<f32>, weights: vec3<f32>) -> mat3x4<f32> {
  return mat3x4<f32>(rows * weights.x, rows * weights.y, rows * weights.z);
}

fn outer_4(rows: vec4<f32>, weights: vec4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(rows * weights.x, rows * weights.y, rows * weights.z, rows * weights.w);
}
