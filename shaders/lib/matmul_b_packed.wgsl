// Operand B of matmul.wgsl, read four columns at a time: they lie side by side in memory and their number is
// a multiple of 4, so that four neighbours are one aligned vec4. `at` is the place of each of the four.
@group(0) @binding(3) var<storage, read> b: array<vec4<ElementB>>;

fn b_four(at: vec4<u32>) -> vec4<f32> {
  return vec4<f32>(b[at.x / 4u]);
}
