// Attention backwards, first of three dispatches: what the other two read of each query beside its place.
//   Δ = Σ over E of dO·O
// dO, O [B,N,T,E] by strides  sums (m, log l) [B,N,T,2]  rows [B·N·T][E in fours, m, log l, Δ, 1 unused], the E being dO,
// so that a row's elements are aligned vec4s and the kernels that follow bind one buffer for three.
// One invocation: one row. Bindings: 0 params, 2 dO, 3 O, 4 sums, 5 rows. Constants: VALUE_SIZE, VALUE_FOURS.
// Alias Element: how dO and O are stored. No barriers.
// #import grid

struct Params {
  heads: u32,
  time: u32,
  rows: u32,
  // Elements from one batch, head and row of O and dO to the next.
  batch_stride: u32,
  head_stride: u32,
  row_stride: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read> d_result: array<Element>;
@group(0) @binding(3) var<storage, read> result: array<Element>;
@group(0) @binding(4) var<storage, read> sums: array<f32>;
@group(0) @binding(5) var<storage, read_write> rows: array<f32>;

const WIDTH = 4u * VALUE_FOURS + 4u;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) counts: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = linear_workgroup(workgroup, counts) * 64u + lane;
  if (row >= params.rows) { return; }
  let head = row / params.time;
  let from_place = (head / params.heads) * params.batch_stride + (head % params.heads) * params.head_stride
    + (row % params.time) * params.row_stride;
  let to_place = row * WIDTH;
  var delta = 0.0;
  for (var e = 0u; e < VALUE_SIZE; e++) {
    let d = f32(d_result[from_place + e]);
    rows[to_place + e] = d;
    delta = fma(d, f32(result[from_place + e]), delta);
  }
  for (var e = VALUE_SIZE; e < 4u * VALUE_FOURS; e++) { rows[to_place + e] = 0.0; }
  rows[to_place + 4u * VALUE_FOURS] = sums[2u * row];
  rows[to_place + 4u * VALUE_FOURS + 1u] = sums[2u * row + 1u];
  rows[to_place + 4u * VALUE_FOURS + 2u] = delta;
}
