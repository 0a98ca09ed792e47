// GRU backward, reset gate before the product: what gru_reset_before_backward_stream, _step_state and
// _step_reset share (bindings, the two halves of the cell).
//
//   s = dh + d_states_t
//   da_n = s (1 - z) (1 - n^2)      da_z = s (h_{t-1} - n) z (1 - z)
//   du = da_n R_n'                  da_r = du h_{t-1} r (1 - r)
//   dh <- s z + du r + da_z R_z' + da_r R_r'   (R' = R transposed)
// A masked step: da_t = 0, dh <- s.
//
// Gate order z r n.  matrix R' [D,3H,H]  gates z, r, n and d_projected (da) [D,B,T,3H]
// states, d_states [D,B,T,H]  mask [B,T]
// carry: planes dh, h_0, then da of even steps (3 planes), da of odd steps (3 planes)
// Alias Element: how states, gates, d_states and d_projected are stored.
// Constants: those of lib/split_product. h_0 is 0 without the flag INITIAL.
// #import backward_rows
// #import previous_state
// #import split_product

@group(0) @binding(2) var<storage, read> matrix: array<f32>;
@group(0) @binding(3) var<storage, read> gates: array<Element>;
@group(0) @binding(4) var<storage, read> states: array<Element>;
@group(0) @binding(5) var<storage, read> mask: array<u32>;
@group(0) @binding(6) var<storage, read> d_states: array<Element>;
@group(0) @binding(7) var<storage, read_write> d_projected: array<Element>;
@group(0) @binding(8) var<storage, read_write> carry: array<vec4<f32>>;

fn width() -> u32 {
  return 3u * params.units;
}

fn saved_width() -> u32 {
  return width();
}

const STATE_PLANE = 0u;
const INITIAL_STATE_PLANE = 1u;

// What the first half leaves: da of z and n, and what passes by the products.
struct StateGradient { da_z: vec4<f32>, da_n: vec4<f32>, held: vec4<f32> }

// What the second half leaves: da of r, and the share of du that goes to h.
struct ResetGradient { da_r: vec4<f32>, held: vec4<f32> }

fn da_at(step: u32, tile: u32) -> u32 {
  return carry_block(2u + 3u * (step & 1u), 3u, tile);
}

// Terms of the two products: all z and r, or all n.
fn gate_terms(now: Moment, tile: u32) -> Terms {
  return Terms(0u, 2u * params.units, tile, first_weight(now));
}

fn candidate_terms(now: Moment, tile: u32) -> Terms {
  return Terms(2u * params.units, width(), tile, first_weight(now));
}

fn state_gradient(now: Moment, half: u32, unit: u32, dh: vec4<f32>) -> StateGradient {
  let counted = active_rows(now, half);
  let places = places_of(now, half);
  let z = gate_rows(places, unit);
  let n = gate_rows(places, 2u * params.units + unit);
  let s = dh + d_state_rows(places, unit);
  let zero = vec4<f32>();
  let h_before = previous_state(now, half, unit);
  let da_n = select(zero, s * (1.0 - z) * (1.0 - n * n), counted);
  let da_z = select(zero, s * (h_before - n) * z * (1.0 - z), counted);
  store_d_projected(places, unit, da_z);
  store_d_projected(places, 2u * params.units + unit, da_n);
  return StateGradient(da_z, da_n, select(s, s * z, counted));
}

// `du` is 0 in masked rows, because da_n is; the saved r is 0 there too.
fn reset_gradient(now: Moment, half: u32, unit: u32, du: vec4<f32>) -> ResetGradient {
  let places = places_of(now, half);
  let r = gate_rows(places, params.units + unit);
  let da_r = du * previous_state(now, half, unit) * r * (1.0 - r);
  store_d_projected(places, params.units + unit, da_r);
  return ResetGradient(da_r, du * r);
}
