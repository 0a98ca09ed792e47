// Four batch rows of one column: what the backward kernels of gated cells read and store.
// Bindings `transposed` [width(),H], `gates` [B,T,saved_width()], `d_states` [B,T,H], `d_projected` [B,T,width()]
// and those widths are the shader's. `steps`: row b, time t as b T + t.

fn weight(term: u32, unit: u32) -> f32 {
  return transposed[term * params.units + unit];
}

fn gate_rows(steps: vec4<u32>, column: u32) -> vec4<f32> {
  let at = steps * saved_width() + column;
  return vec4<f32>(gates[at.x], gates[at.y], gates[at.z], gates[at.w]);
}

fn d_state_rows(steps: vec4<u32>, unit: u32) -> vec4<f32> {
  let at = steps * params.units + unit;
  return vec4<f32>(d_states[at.x], d_states[at.y], d_states[at.z], d_states[at.w]);
}

fn store_d_projected(steps: vec4<u32>, column: u32, value: vec4<f32>) {
  let at = steps * width() + column;
  d_projected[at.x] = value.x;
  d_projected[at.y] = value.y;
  d_projected[at.z] = value.z;
  d_projected[at.w] = value.w;
}
