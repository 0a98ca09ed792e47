// What the forward and backward kernels of the recurrent op share: the order of time, the mask, activations and
// products of four batch rows.
// Binding `mask` (bool [B,T]) is the shader's.
// #import activations
// #import row_tiles

// Place in the sequence of a step, which counts in the order of computation.
fn time_of(step: u32) -> u32 {
  return select(step, params.time - 1u - step, has(REVERSE));
}

// Forward: whether there is a state to multiply.
fn has_before(step: u32) -> bool {
  return params.fresh == 0u || step != params.begin;
}

// False where the mask holds the state.
fn active_rows(rows: vec4<u32>, time: u32) -> vec4<bool> {
  if (!has(MASK)) { return vec4<bool>(true); }
  let at = rows * params.time + time;
  return vec4<bool>(mask[at.x] != 0u, mask[at.y] != 0u, mask[at.z] != 0u, mask[at.w] != 0u);
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
