// Operand A of matmul.wgsl, read one element at a time: its rows lie apart in memory, or their number is
// not a multiple of 4. `at` is the place of each of four elements.
@group(0) @binding(2) var<storage, read> a: array<ElementA>;

fn a_four(at: vec4<u32>) -> vec4<f32> {
  return vec4<f32>(vec4<ElementA>(a[at.x], a[at.y], a[at.z], a[at.w]));
}
