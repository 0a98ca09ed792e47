// Four batch rows of one column: what the forward kernels of gated cells read and store.
// Bindings `projected` [B,T,width()], `states` [B,T,H], `gates` [B,T,saved_width()] and those widths are the
// shader's. `steps`: row b, time t as b T + t.

fn projected_rows(steps: vec4<u32>, column: u32) -> vec4<f32> {
  let at = steps * width() + column;
  return vec4<f32>(projected[at.x], projected[at.y], projected[at.z], projected[at.w]);
}

fn store_state(steps: vec4<u32>, unit: u32, state: vec4<f32>) {
  let at = steps * params.units + unit;
  states[at.x] = state.x;
  states[at.y] = state.y;
  states[at.z] = state.z;
  states[at.w] = state.w;
}

fn store_gate(steps: vec4<u32>, column: u32, gate: vec4<f32>) {
  let at = steps * saved_width() + column;
  gates[at.x] = gate.x;
  gates[at.y] = gate.y;
  gates[at.z] = gate.z;
  gates[at.w] = gate.w;
}
