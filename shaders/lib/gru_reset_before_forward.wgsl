// GRU forward, reset gate before the product: what gru_reset_before_stream, _step_gates and _step_state share
// (bindings, the two products, the two halves of the cell).
//
//   z = sigmoid(p_z + h_{t-1} R_z)   r = sigmoid(p_r + h_{t-1} R_r)   u = r h_{t-1}
//   n = tanh(p_n + u R_n)            h_t = n + z (h_{t-1} - n)
// A masked step holds h; the gates saved for it are 0.
//
// Gate order z r n (Keras calls n "h").  projected p [D,B,T,3H]  matrix R [D,H,3H]  mask [B,T]
// states [D,B,T,H]  gates [D,B,T,3H]  carry: planes h, h (of even and odd steps), u, z
// Constant: SAVE_GATES. `hidden(at)` is the shader's: vec4 `at` of the tile it
// multiplies.
// Alias Element: how projected, states and gates are stored.
// Numerics: sums over units in ascending order; NaN in a masked step reaches nothing.
// Cho et al. 2014, arXiv:1406.1078
// #import forward_rows
// #import recurrence

@group(0) @binding(2) var<storage, read> projected: array<Element>;
@group(0) @binding(3) var<storage, read> matrix: array<f32>;
@group(0) @binding(4) var<storage, read> mask: array<u32>;
@group(0) @binding(5) var<storage, read_write> states: array<Element>;
@group(0) @binding(6) var<storage, read_write> gates: array<Element>;
@group(0) @binding(7) var<storage, read_write> carry: array<vec4<f32>>;

fn width() -> u32 {
  return 3u * params.units;
}

fn saved_width() -> u32 {
  return width();
}

const RESET_STATE_PLANE = 2u;
const UPDATE_PLANE = 3u;

// Pre-activations of z and r of one unit.
struct GateSums { low: mat2x4<f32>, high: mat2x4<f32> }

struct CandidateSums { low: vec4<f32>, high: vec4<f32> }

struct Gates { update: vec4<f32>, reset_state: vec4<f32> }

fn add_gate_product(sums: GateSums, k: u32, state: u32, column: u32) -> GateSums {
  let at = k * width() + column;
  let weights = vec2<f32>(weight(at), weight(at + params.units));
  return GateSums(
    sums.low + outer_2(hidden(state + 2u * k), weights),
    sums.high + outer_2(hidden(state + 2u * k + 1u), weights),
  );
}

// h [R_z R_r], where h begins at `state` and R_z's first row at `column`. Four units at a time: loops are dear on
// software adapters.
fn gate_product(state: u32, column: u32) -> GateSums {
  var sums = GateSums();
  var k = 0u;
  for (; k + 4u <= params.units; k += 4u) {
    sums = add_gate_product(sums, k, state, column);
    sums = add_gate_product(sums, k + 1u, state, column);
    sums = add_gate_product(sums, k + 2u, state, column);
    sums = add_gate_product(sums, k + 3u, state, column);
  }
  for (; k < params.units; k += 1u) {
    sums = add_gate_product(sums, k, state, column);
  }
  return sums;
}

fn add_candidate_product(sums: CandidateSums, k: u32, state: u32, column: u32) -> CandidateSums {
  let w = weight(k * width() + column);
  return CandidateSums(
    sums.low + w * hidden(state + 2u * k),
    sums.high + w * hidden(state + 2u * k + 1u),
  );
}

// u R_n, where u begins at `state` and R_n's first row at `column`.
fn candidate_product(state: u32, column: u32) -> CandidateSums {
  var sums = CandidateSums();
  var k = 0u;
  for (; k + 4u <= params.units; k += 4u) {
    sums = add_candidate_product(sums, k, state, column);
    sums = add_candidate_product(sums, k + 1u, state, column);
    sums = add_candidate_product(sums, k + 2u, state, column);
    sums = add_candidate_product(sums, k + 3u, state, column);
  }
  for (; k < params.units; k += 1u) {
    sums = add_candidate_product(sums, k, state, column);
  }
  return sums;
}

// z and u of four rows of one unit; z and r are saved.
fn gru_gates(
  now: Moment, half: u32, unit: u32, sums: mat2x4<f32>, before: vec4<f32>,
) -> Gates {
  let counted = active_rows(now, half);
  let places = places_of(now, half);
  let z = sigmoid_rows(projected_rows(places, unit) + sums[0]);
  let r = sigmoid_rows(projected_rows(places, params.units + unit) + sums[1]);
  let zero = vec4<f32>();
  if (SAVE_GATES) {
    store_gate(places, unit, select(zero, z, counted));
    store_gate(places, params.units + unit, select(zero, r, counted));
  }
  return Gates(z, select(zero, r * before, counted));
}

// The new state of four rows of one unit, stored; n is saved.
fn gru_state(
  now: Moment, half: u32, unit: u32, sum: vec4<f32>, update: vec4<f32>, before: vec4<f32>,
) -> vec4<f32> {
  let counted = active_rows(now, half);
  let places = places_of(now, half);
  let n = tanh_rows(projected_rows(places, 2u * params.units + unit) + sum);
  if (SAVE_GATES) {
    store_gate(places, 2u * params.units + unit, select(vec4<f32>(), n, counted));
  }
  let h = select(before, n + update * (before - n), counted);
  store_state(places, unit, h);
  return h;
}
