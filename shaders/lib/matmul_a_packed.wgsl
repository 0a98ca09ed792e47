// Operand A of matmul.wgsl, read four rows at a time: they lie side by side in memory and their number is
// a multiple of 4, so that four neighbours are one aligned vec4. `at` is the place of each of the four.
@group(0) @binding(2) var<storage, read> a: array<vec4<ElementA>>;

fn a_four(at: vec4<u32>) -> vec4<f32> {
  return vec4<f32>(a[at.x / 4u]);
}
