// simpleRNN backward: what simple_rnn_backward_stream and _step share (bindings, the cell).
//
//   s = dh + d_states_t      da_t = s phi'      dh <- da_t R'   (R' = R transposed)
//   phi' = 1 - h_t^2 for tanh, [h_t > 0] for relu
// A masked step: da_t = 0, dh <- s.
//
// matrix R' [D,H,H]  states, d_states, d_projected (da) [D,B,T,H]  mask [B,T]
// carry: planes dh, da of even steps, da of odd steps
// Alias Element: how states, d_states and d_projected are stored.
// Constants: those of lib/split_product, and RELU.
// #import split_product

@group(0) @binding(2) var<storage, read> matrix: array<f32>;
@group(0) @binding(3) var<storage, read> states: array<Element>;
@group(0) @binding(4) var<storage, read> mask: array<u32>;
@group(0) @binding(5) var<storage, read> d_states: array<Element>;
@group(0) @binding(6) var<storage, read_write> d_projected: array<Element>;
@group(0) @binding(7) var<storage, read_write> carry: array<vec4<f32>>;

const STATE_PLANE = 0u;

// What one step leaves: da for the product, and what passes by it.
struct CellGradient { da: vec4<f32>, held: vec4<f32> }

fn da_at(step: u32, tile: u32) -> u32 {
  return carry_at(1u + (step & 1u), tile);
}

fn width() -> u32 {
  return params.units;
}

// da R', where da begins at `tile`.
fn recurrent_terms(now: Moment, tile: u32) -> Terms {
  return Terms(0u, params.units, tile, first_weight(now));
}

fn simple_rnn_cell_gradient(
  now: Moment, half: u32, unit: u32, dh: vec4<f32>,
) -> CellGradient {
  let counted = active_rows(now, half);
  let at = places_of(now, half) * params.units + unit;
  let h = vec4<f32>(vec4<Element>(states[at.x], states[at.y], states[at.z], states[at.w]));
  let s = dh + vec4<f32>(vec4<Element>(d_states[at.x], d_states[at.y], d_states[at.z], d_states[at.w]));
  let zero = vec4<f32>();
  var da = s * (1.0 - h * h);
  if (RELU) { da = select(zero, s, h > zero); }
  da = select(zero, da, counted);
  d_projected[at.x] = Element(da.x);
  d_projected[at.y] = Element(da.y);
  d_projected[at.z] = Element(da.z);
  d_projected[at.w] = Element(da.w);
  return CellGradient(da, select(s, zero, counted));
}
