// LSTM forward: what lstm_stream and lstm_step share (bindings, the recurrent product, the cell).
//
//   [i f g o] = projected_t + h_{t-1} R      i,f,o = sigmoid   g = tanh
//   c_t = f c_{t-1} + i g                    h_t = o tanh(c_t)
// A masked step holds h and c; the gates saved for it are 0.
//
// Gate order i f g o (Keras calls g "c").  projected [D,B,T,4H]  matrix R [D,H,4H]  mask [B,T]
// states, cells [D,B,T,H]  gates [D,B,T,4H] activated  carry: planes h, h, c (h of even and odd steps)
// Alias Element: how projected, states and gates are stored.
// Constants: SAVE_CELLS, SAVE_GATES. `hidden(at)` is the shader's: vec4 `at`
// of the state it multiplies.
// Numerics: sums over units in ascending order; NaN in a masked step reaches nothing.
// Hochreiter & Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735; forget gate: Gers et al. 2000,
// doi:10.1162/089976600300015015
// #import forward_rows
// #import recurrence

@group(0) @binding(2) var<storage, read> projected: array<Element>;
@group(0) @binding(3) var<storage, read> matrix: array<f32>;
@group(0) @binding(4) var<storage, read> mask: array<u32>;
@group(0) @binding(5) var<storage, read_write> states: array<Element>;
@group(0) @binding(6) var<storage, read_write> cells: array<f32>;
@group(0) @binding(7) var<storage, read_write> gates: array<Element>;
@group(0) @binding(8) var<storage, read_write> carry: array<vec4<f32>>;

fn width() -> u32 {
  return 4u * params.units;
}

fn saved_width() -> u32 {
  return width();
}

const CELL_PLANE = 2u;

// Pre-activations of one unit, a column a gate.
struct Sums { low: mat4x4<f32>, high: mat4x4<f32> }

struct State { h: vec4<f32>, c: vec4<f32> }

fn projected_gates(now: Moment, half: u32, unit: u32) -> mat4x4<f32> {
  let places = places_of(now, half);
  return mat4x4<f32>(
    projected_rows(places, unit),
    projected_rows(places, params.units + unit),
    projected_rows(places, 2u * params.units + unit),
    projected_rows(places, 3u * params.units + unit),
  );
}

fn add_product(sums: Sums, k: u32, state: u32, column: u32) -> Sums {
  let at = k * width() + column;
  let weights = vec4<f32>(
    weight(at),
    weight(at + params.units),
    weight(at + 2u * params.units),
    weight(at + 3u * params.units),
  );
  return Sums(
    sums.low + outer_4(hidden(state + 2u * k), weights),
    sums.high + outer_4(hidden(state + 2u * k + 1u), weights),
  );
}

fn projected_sums(now: Moment, unit: u32) -> Sums {
  return Sums(projected_gates(now, 0u, unit), projected_gates(now, 1u, unit));
}

// Adds h R, where h begins at `state` and R's first row at `column`. Four units at a time: loops are dear on
// software adapters.
fn add_recurrent(projected_part: Sums, state: u32, column: u32) -> Sums {
  var sums = projected_part;
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
fn lstm_cell(now: Moment, half: u32, unit: u32, sums: mat4x4<f32>, before: State) -> State {
  let counted = active_rows(now, half);
  let places = places_of(now, half);
  let zero = vec4<f32>();
  var c = before.c;
  var h = before.h;
  var saved = mat4x4<f32>();
  // Rows that all hold their state are spared the arithmetic.
  if (any(counted)) {
    let i = sigmoid_rows(sums[0]);
    let f = sigmoid_rows(sums[1]);
    let g = tanh_rows(sums[2]);
    let o = sigmoid_rows(sums[3]);
    c = select(before.c, f * before.c + i * g, counted);
    h = select(before.h, o * tanh_rows(c), counted);
    saved = mat4x4<f32>(
      select(zero, i, counted),
      select(zero, f, counted),
      select(zero, g, counted),
      select(zero, o, counted),
    );
  }
  store_state(places, unit, h);
  if (SAVE_CELLS) {
    let at = places * params.units + unit;
    cells[at.x] = c.x;
    cells[at.y] = c.y;
    cells[at.z] = c.z;
    cells[at.w] = c.w;
  }
  if (SAVE_GATES) {
    store_gate(places, unit, saved[0]);
    store_gate(places, params.units + unit, saved[1]);
    store_gate(places, 2u * params.units + unit, saved[2]);
    store_gate(places, 3u * params.units + unit, saved[3]);
  }
  return State(h, c);
}
