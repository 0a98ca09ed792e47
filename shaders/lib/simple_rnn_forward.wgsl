// simpleRNN forward: what simple_rnn_stream and simple_rnn_step share (bindings, the cell).
//
//   h_t = phi(projected_t + h_{t-1} R)      phi = tanh, or relu where RELU
// A masked step holds h.
//
// projected, states [D,B,T,H]  matrix R [D,H,H]  mask [B,T]  carry: planes h, h (of even and odd steps)
// Alias Element: how projected and states are stored.
// Constants: those of lib/split_product, and RELU.
// Elman 1990, doi:10.1207/s15516709cog1402_1
// #import split_product

@group(0) @binding(2) var<storage, read> projected: array<Element>;
@group(0) @binding(3) var<storage, read> matrix: array<f32>;
@group(0) @binding(4) var<storage, read> mask: array<u32>;
@group(0) @binding(5) var<storage, read_write> states: array<Element>;
@group(0) @binding(6) var<storage, read_write> carry: array<vec4<f32>>;

fn width() -> u32 {
  return params.units;
}

// h R, where h begins at `state`.
fn recurrent_terms(now: Moment, state: u32) -> Terms {
  return Terms(0u, params.units, state, first_weight(now));
}

fn activation_rows(x: vec4<f32>) -> vec4<f32> {
  // Not max(x, 0): that may turn NaN into 0.
  if (RELU) { return select(x, vec4<f32>(), x < vec4<f32>()); }
  return tanh_rows(x);
}

// The new state of four rows of one unit, stored; `product` is h R.
fn simple_rnn_cell(
  now: Moment, half: u32, unit: u32, product: vec4<f32>, before: vec4<f32>,
) -> vec4<f32> {
  let at = places_of(now, half) * params.units + unit;
  let x = vec4<f32>(vec4<Element>(projected[at.x], projected[at.y], projected[at.z], projected[at.w]));
  let h = select(before, activation_rows(x + product), active_rows(now, half));
  states[at.x] = Element(h.x);
  states[at.y] = Element(h.y);
  states[at.z] = Element(h.z);
  states[at.w] = Element(h.w);
  return h;
}
