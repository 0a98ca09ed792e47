// Four batch rows of one column: what the backward kernels of gated cells read and store.
// Bindings `gates` [D,B,T,saved_width()], `d_states` [D,B,T,H], `d_projected` [D,B,T,width()]
// and those widths are the shader's. `places`: of rows, as `places_of` has them.

fn gate_rows(places: vec4<u32>, column: u32) -> vec4<f32> {
  let at = places * saved_width() + column;
  return vec4<f32>(vec4<Element>(gates[at.x], gates[at.y], gates[at.z], gates[at.w]));
}

fn d_state_rows(places: vec4<u32>, unit: u32) -> vec4<f32> {
  let at = places * params.units + unit;
  return vec4<f32>(vec4<Element>(d_states[at.x], d_states[at.y], d_states[at.z], d_states[at.w]));
}

fn store_d_projected(places: vec4<u32>, column: u32, value: vec4<f32>) {
  let at = places * width() + column;
  d_projected[at.x] = Element(value.x);
  d_projected[at.y] = Element(value.y);
  d_projected[at.z] = Element(value.z);
  d_projected[at.w] = Element(value.w);
}
