// Four batch rows of one column: what the forward kernels of gated cells read and store.
// Bindings `projected` [D,B,T,width()], `states` [D,B,T,H], `gates` [D,B,T,saved_width()] and those widths are the
// shader's. `places`: of rows, as `places_of` has them.

fn projected_rows(places: vec4<u32>, column: u32) -> vec4<f32> {
  let at = places * width() + column;
  return vec4<f32>(vec4<Element>(projected[at.x], projected[at.y], projected[at.z], projected[at.w]));
}

fn store_state(places: vec4<u32>, unit: u32, state: vec4<f32>) {
  let at = places * params.units + unit;
  states[at.x] = Element(state.x);
  states[at.y] = Element(state.y);
  states[at.z] = Element(state.z);
  states[at.w] = Element(state.w);
}

fn store_gate(places: vec4<u32>, column: u32, gate: vec4<f32>) {
  let at = places * saved_width() + column;
  gates[at.x] = Element(gate.x);
  gates[at.y] = Element(gate.y);
  gates[at.z] = Element(gate.z);
  gates[at.w] = Element(gate.w);
}
