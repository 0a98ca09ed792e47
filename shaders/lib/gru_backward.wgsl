// GRU backward, reset gate after the product: what gru_backward_stream and _step share (bindings, the cell).
//
//   s = dh + d_states_t
//   dp_n = s (1 - z) (1 - n^2)      dp_z = s (h_{t-1} - n) z (1 - z)
//   dp_r = dp_n q_n r (1 - r)       dq_n = dp_n r
//   dh <- s z + [dp_z dp_r dq_n] R'   (R' = R transposed)
// A masked step: all of dp and dq are 0, dh <- s.
//
// Gate order z r n.  matrix R' [D,3H,H]  gates z, r, n, q_n [D,B,T,4H]  states, d_states [D,B,T,H]  mask [B,T]
// d_projected (dp) [D,B,T,3H]  carry: planes dh, h_0, then dq of even steps (3 planes), dq of odd steps (3 planes)
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
  return 4u * params.units;
}

const STATE_PLANE = 0u;
const INITIAL_STATE_PLANE = 1u;

// dq R', where dq begins at `tile`.
fn recurrent_terms(now: Moment, tile: u32) -> Terms {
  return Terms(0u, width(), tile, first_weight(now));
}

// What one step leaves: a column of dq a gate, and what passes by the product.
struct CellGradient { dq: mat3x4<f32>, held: vec4<f32> }

fn dq_at(step: u32, tile: u32) -> u32 {
  return carry_block(2u + 3u * (step & 1u), 3u, tile);
}

fn gru_cell_gradient(
  now: Moment, half: u32, unit: u32, dh: vec4<f32>,
) -> CellGradient {
  let counted = active_rows(now, half);
  let places = places_of(now, half);
  let s = dh + d_state_rows(places, unit);
  let zero = vec4<f32>();
  var dp = mat3x4<f32>();
  var gradient = CellGradient(mat3x4<f32>(), s);
  // Rows that all hold their state are spared the arithmetic.
  if (any(counted)) {
    let z = gate_rows(places, unit);
    let r = gate_rows(places, params.units + unit);
    let n = gate_rows(places, 2u * params.units + unit);
    let q_n = gate_rows(places, 3u * params.units + unit);
    let h_before = previous_state(now, half, unit);
    let dp_n = select(zero, s * (1.0 - z) * (1.0 - n * n), counted);
    let dp_z = select(zero, s * (h_before - n) * z * (1.0 - z), counted);
    let dp_r = dp_n * q_n * r * (1.0 - r);
    dp = mat3x4<f32>(dp_z, dp_r, dp_n);
    gradient = CellGradient(mat3x4<f32>(dp_z, dp_r, dp_n * r), select(s, s * z, counted));
  }
  store_d_projected(places, unit, dp[0]);
  store_d_projected(places, params.units + unit, dp[1]);
  store_d_projected(places, 2u * params.units + unit, dp[2]);
  return gradient;
}
