// GRU forward, reset gate after the product: what gru_stream and gru_step share (bindings, product, cell).
//
//   q = h_{t-1} R + b      z = sigmoid(p_z + q_z)   r = sigmoid(p_r + q_r)   n = tanh(p_n + r q_n)
//   h_t = n + z (h_{t-1} - n)
// A masked step holds h; the gates saved for it are 0.
//
// Gate order z r n (Keras calls n "h").  projected p [D,B,T,3H]  matrix R [D,H,3H]  recurrent_bias b [D,3H]
// mask [B,T]  states [D,B,T,H]  gates [D,B,T,4H]: z, r, n, q_n   carry: planes h, h (of even and odd steps)
// Constant: SAVE_GATES. b is 0 without the flag BIAS. `hidden(at)` is the shader's: vec4 `at` of the state it
// multiplies.
// Alias Element: how projected, states and gates are stored.
// Numerics: sums over units in ascending order; NaN in a masked step reaches nothing.
// Cho et al. 2014, arXiv:1406.1078; this form: Keras reset_after, PyTorch, cuDNN.
// #import forward_rows
// #import recurrence

@group(0) @binding(2) var<storage, read> projected: array<Element>;
@group(0) @binding(3) var<storage, read> matrix: array<f32>;
@group(0) @binding(4) var<storage, read> recurrent_bias: array<f32>;
@group(0) @binding(5) var<storage, read> mask: array<u32>;
@group(0) @binding(6) var<storage, read_write> states: array<Element>;
@group(0) @binding(7) var<storage, read_write> gates: array<Element>;
@group(0) @binding(8) var<storage, read_write> carry: array<vec4<f32>>;

fn width() -> u32 {
  return 3u * params.units;
}

fn saved_width() -> u32 {
  return 4u * params.units;
}

// q of one unit, a column a gate.
struct Sums { low: mat3x4<f32>, high: mat3x4<f32> }

fn add_product(sums: Sums, k: u32, state: u32, column: u32) -> Sums {
  let at = k * width() + column;
  let weights = vec3<f32>(
    weight(at),
    weight(at + params.units),
    weight(at + 2u * params.units),
  );
  return Sums(
    sums.low + outer_3(hidden(state + 2u * k), weights),
    sums.high + outer_3(hidden(state + 2u * k + 1u), weights),
  );
}

fn recurrent_bias_sums(now: Moment, unit: u32) -> Sums {
  if (!has(BIAS)) { return Sums(); }
  let at = now.direction * width() + unit;
  let bias = vec3<f32>(
    recurrent_bias[at],
    recurrent_bias[at + params.units],
    recurrent_bias[at + 2u * params.units],
  );
  let rows = outer_3(vec4<f32>(1.0), bias);
  return Sums(rows, rows);
}

// Adds h R, where h begins at `state` and R's first row at `column`. Four units at a time: loops are dear on
// software adapters.
fn add_recurrent(bias: Sums, state: u32, column: u32) -> Sums {
  var sums = bias;
  var k = 0u;
  for (; k + 4u <= params.units; k += 4u) {
    sums = add_product(sums, k, state, column);
    sums = add_product(sums, k + 1u, state, column);
    sums = add_product(sums, k + 2u, state, column);
    sums = add_product(sums, k + 3u, state, column);
  }
  for (; k < params.units; k += 1u) {
    sums = add_product(sums, k, state, column);
  }
  return sums;
}

// The new state of four rows of one unit, stored.
fn gru_cell(
  now: Moment, half: u32, unit: u32, q: mat3x4<f32>, before: vec4<f32>,
) -> vec4<f32> {
  let counted = active_rows(now, half);
  let places = places_of(now, half);
  let zero = vec4<f32>();
  var h = before;
  var saved = mat4x4<f32>();
  // Rows that all hold their state are spared the arithmetic.
  if (any(counted)) {
    let z = sigmoid_rows(projected_rows(places, unit) + q[0]);
    let r = sigmoid_rows(projected_rows(places, params.units + unit) + q[1]);
    let n = tanh_rows(projected_rows(places, 2u * params.units + unit) + r * q[2]);
    h = select(before, n + z * (before - n), counted);
    saved = mat4x4<f32>(
      select(zero, z, counted),
      select(zero, r, counted),
      select(zero, n, counted),
      select(zero, q[2], counted),
    );
  }
  store_state(places, unit, h);
  if (SAVE_GATES) {
    store_gate(places, unit, saved[0]);
    store_gate(places, params.units + unit, saved[1]);
    store_gate(places, 2u * params.units + unit, saved[2]);
    store_gate(places, 3u * params.units + unit, saved[3]);
  }
  return h;
}
