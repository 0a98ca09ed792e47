// GRU forward, reset gate after the product: what gru_stream and gru_step share (bindings, product, cell).
//
//   q = h_{t-1} R + b      z = sigmoid(p_z + q_z)   r = sigmoid(p_r + q_r)   n = tanh(p_n + r q_n)
//   h_t = n + z (h_{t-1} - n)
// A masked step holds h; the gates saved for it are 0.
//
// Gate order z r n (Keras calls n "h").  projected p [B,T,3H]  recurrent_kernel R [H,3H]  recurrent_bias b [3H]
// mask [B,T]  states [B,T,H]  gates [B,T,4H]: z, r, n, q_n   carry: planes h, h (of even and odd steps)
// Constant: SAVE_GATES. b is 0 without the flag BIAS. `hidden(at)` is the shader's: vec4 `at` of the state it
// multiplies.
// Numerics: sums over units in ascending order; NaN in a masked step reaches nothing.
// Cho et al. 2014, arXiv:1406.1078; this form: Keras reset_after, PyTorch, cuDNN.
// #import forward_rows
// #import recurrence

@group(0) @binding(2) var<storage, read> projected: array<f32>;
@group(0) @binding(3) var<storage, read> recurrent_kernel: array<f32>;
@group(0) @binding(4) var<storage, read> recurrent_bias: array<f32>;
@group(0) @binding(5) var<storage, read> mask: array<u32>;
@group(0) @binding(6) var<storage, read_write> states: array<f32>;
@group(0) @binding(7) var<storage, read_write> gates: array<f32>;
@group(0) @binding(8) var<storage, read_write> carry: array<vec4<f32>>;

fn width() -> u32 {
  return 3u * params.units;
}

fn saved_width() -> u32 {
  return 4u * params.units;
}

// q of one unit, a column a gate.
struct Sums { low: mat3x4<f32>, high: mat3x4<f32> }

fn add_product(sums: Sums, k: u32, state: u32, unit: u32) -> Sums {
  let at = k * width() + unit;
  let weights = vec3<f32>(
    recurrent_kernel[at],
    recurrent_kernel[at + params.units],
    recurrent_kernel[at + 2u * params.units],
  );
  return Sums(
    sums.low + outer_3(hidden(state + 2u * k), weights),
    sums.high + outer_3(hidden(state + 2u * k + 1u), weights),
  );
}

fn recurrent_bias_sums(unit: u32) -> Sums {
  if (!has(BIAS)) { return Sums(); }
  let bias = vec3<f32>(
    recurrent_bias[unit],
    recurrent_bias[params.units + unit],
    recurrent_bias[2u * params.units + unit],
  );
  let rows = outer_3(vec4<f32>(1.0), bias);
  return Sums(rows, rows);
}

// Adds h R, where h begins at `state`. Four units at a time: loops are dear on software adapters.
fn add_recurrent(bias: Sums, state: u32, unit: u32) -> Sums {
  var sums = bias;
  var k = 0u;
  for (; k + 4u <= params.units; k += 4u) {
    sums = add_product(sums, k, state, unit);
    sums = add_product(sums, k + 1u, state, unit);
    sums = add_product(sums, k + 2u, state, unit);
    sums = add_product(sums, k + 3u, state, unit);
  }
  for (; k < params.units; k += 1u) {
    sums = add_product(sums, k, state, unit);
  }
  return sums;
}

// The new state of four rows of one unit, stored.
fn gru_cell(
  first_row: u32, time: u32, unit: u32, q: mat3x4<f32>, before: vec4<f32>,
) -> vec4<f32> {
  let rows = four_rows(first_row);
  let counted = active_rows(rows, time);
  let steps = rows * params.time + time;
  let z = sigmoid_rows(projected_rows(steps, unit) + q[0]);
  let r = sigmoid_rows(projected_rows(steps, params.units + unit) + q[1]);
  let n = tanh_rows(projected_rows(steps, 2u * params.units + unit) + r * q[2]);
  let h = select(before, n + z * (before - n), counted);
  store_state(steps, unit, h);
  if (SAVE_GATES) {
    let zero = vec4<f32>();
    store_gate(steps, unit, select(zero, z, counted));
    store_gate(steps, params.units + unit, select(zero, r, counted));
    store_gate(steps, 2u * params.units + unit, select(zero, n, counted));
    store_gate(steps, 3u * params.units + unit, select(zero, q[2], counted));
  }
  return h;
}
