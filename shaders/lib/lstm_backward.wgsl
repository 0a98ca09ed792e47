// LSTM backward: what lstm_backward_stream and _step share (bindings, the cell).
//
//   s = dh + d_states_t      tau = tanh(c_t)      e = dc + d_cells_t + s o (1 - tau^2)
//   da_i = e g i (1 - i)     da_f = e c_{t-1} f (1 - f)
//   da_g = e i (1 - g^2)     da_o = s tau o (1 - o)
//   dc <- e f                dh <- da_t R'   (R' = R transposed)
// A masked step: da_t = 0, dc <- dc + d_cells_t, dh <- s.
//
// Gate order i f g o.  matrix R' [D,4H,H]  gates, d_projected (da) [D,B,T,4H]  cells, d_states, d_cells [D,B,T,H]
// mask [B,T]  carry: planes dh, dc, c_0, then da of even steps (4 planes), da of odd steps (4 planes)
// Alias Element: how states, gates, d_states and d_projected are stored.
// Constants: those of lib/split_product. c_0 is 0 without the flag INITIAL, d_cells without D_CELLS.
// Numerics: tanh(c_t) is computed again, not saved.
// #import backward_rows
// #import split_product

@group(0) @binding(2) var<storage, read> matrix: array<f32>;
@group(0) @binding(3) var<storage, read> gates: array<Element>;
@group(0) @binding(4) var<storage, read> cells: array<f32>;
@group(0) @binding(5) var<storage, read> mask: array<u32>;
@group(0) @binding(6) var<storage, read> d_states: array<Element>;
@group(0) @binding(7) var<storage, read> d_cells: array<f32>;
@group(0) @binding(8) var<storage, read_write> d_projected: array<Element>;
@group(0) @binding(9) var<storage, read_write> carry: array<vec4<f32>>;

fn width() -> u32 {
  return 4u * params.units;
}

fn saved_width() -> u32 {
  return width();
}

const STATE_PLANE = 0u;
const CELL_PLANE = 1u;
const INITIAL_CELL_PLANE = 2u;

// da R', where da begins at `tile`.
fn recurrent_terms(now: Moment, tile: u32) -> Terms {
  return Terms(0u, width(), tile, first_weight(now));
}

// What one step leaves: a column of da a gate, and what passes by the product.
struct CellGradient { da: mat4x4<f32>, held: vec4<f32>, dc: vec4<f32> }

fn da_at(step: u32, tile: u32) -> u32 {
  return carry_block(3u + 4u * (step & 1u), 4u, tile);
}

fn cell_rows(places: vec4<u32>, unit: u32) -> vec4<f32> {
  let at = places * params.units + unit;
  return vec4<f32>(cells[at.x], cells[at.y], cells[at.z], cells[at.w]);
}

// c_{t-1} of half 0 or 1 of a tile.
fn previous_cell(now: Moment, half: u32, unit: u32) -> vec4<f32> {
  if (now.step > 0u) {
    return cell_rows(places_of(moment_of(now.tile, now.step - 1u), half), unit);
  }
  if (!has(INITIAL)) { return vec4<f32>(); }
  return carry[carry_at(INITIAL_CELL_PLANE, now.tile) + 2u * unit + half];
}

fn lstm_cell_gradient(
  now: Moment, half: u32, unit: u32, dh: vec4<f32>, dc: vec4<f32>,
) -> CellGradient {
  let counted = active_rows(now, half);
  let places = places_of(now, half);
  let at = places * params.units + unit;
  let s = dh + d_state_rows(places, unit);
  var e = dc;
  if (has(D_CELLS)) {
    e += vec4<f32>(d_cells[at.x], d_cells[at.y], d_cells[at.z], d_cells[at.w]);
  }
  let zero = vec4<f32>();
  var gradient = CellGradient(mat4x4<f32>(), s, e);
  // Rows that all hold their state are spared the arithmetic.
  if (any(counted)) {
    let i = gate_rows(places, unit);
    let f = gate_rows(places, params.units + unit);
    let g = gate_rows(places, 2u * params.units + unit);
    let o = gate_rows(places, 3u * params.units + unit);
    let tau = tanh_rows(cell_rows(places, unit));
    let held_e = e;
    e += s * o * (1.0 - tau * tau);
    let c_before = previous_cell(now, half, unit);
    let da_i = select(zero, e * g * i * (1.0 - i), counted);
    let da_f = select(zero, e * c_before * f * (1.0 - f), counted);
    let da_g = select(zero, e * i * (1.0 - g * g), counted);
    let da_o = select(zero, s * tau * o * (1.0 - o), counted);
    gradient = CellGradient(
      mat4x4<f32>(da_i, da_f, da_g, da_o),
      select(s, zero, counted),
      select(held_e, e * f, counted),
    );
  }
  store_d_projected(places, unit, gradient.da[0]);
  store_d_projected(places, params.units + unit, gradient.da[1]);
  store_d_projected(places, 2u * params.units + unit, gradient.da[2]);
  store_d_projected(places, 3u * params.units + unit, gradient.da[3]);
  return gradient;
}
