// Operand B of matmul.wgsl, read one element at a time: its columns lie apart in memory, or their number is
// not a multiple of 4. `at` is the place of each of four elements.
@group(0) @binding(3) var<storage, read> b: array<ElementB>;

fn b_four(at: vec4<u32>) -> vec4<f32> {
  return vec4<f32>(vec4<ElementB>(b[at.x], b[at.y], b[at.z], b[at.w]));
}
