// Puts together what attention.wgsl made of chunks of the keys, in the order of the chunks.
//   m = max m_c    l = Σ l_c·exp(m_c - m)    O = Σ O_c·exp(m_c - m) / l
// partials [rows][chunks][E in fours, m, l, 2 unused], rows being [B, N, T]  result O [B,N,T,E] by strides
// sums (m, log l) [rows][2].
// One invocation: one row. A row that sees no key: O = 0, m = 3.4e38, log l = 0.
// Bindings: 0 params, 2 partials, 3 result, 4 sums. Constants: VALUE_SIZE, VALUE_FOURS, STORE_SUMS.
// Alias Element: how the result is stored. No barriers.
// #import grid

struct Params {
  heads: u32,
  time: u32,
  rows: u32,
  chunks: u32,
  // Elements from one batch, head and row of the result to the next.
  batch_stride: u32,
  head_stride: u32,
  row_stride: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read> partials: array<f32>;
@group(0) @binding(3) var<storage, read_write> result: array<Element>;
@group(0) @binding(4) var<storage, read_write> sums: array<f32>;

const LOWEST = -3.4028234663852886e38;
const WIDTH = 4u * VALUE_FOURS + 4u;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) counts: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = linear_workgroup(workgroup, counts) * 64u + lane;
  if (row >= params.rows) { return; }
  let begin = row * params.chunks * WIDTH;
  var most = LOWEST;
  for (var c = 0u; c < params.chunks; c++) { most = max(most, partials[begin + c * WIDTH + 4u * VALUE_FOURS]); }
  var total = 0.0;
  for (var c = 0u; c < params.chunks; c++) {
    let at = begin + c * WIDTH + 4u * VALUE_FOURS;
    total += partials[at + 1u] * exp(partials[at] - most);
  }
  let divisor = select(1.0, total, total > 0.0);
  let head = row / params.time;
  let place = (head / params.heads) * params.batch_stride + (head % params.heads) * params.head_stride
    + (row % params.time) * params.row_stride;
  for (var e = 0u; e < VALUE_SIZE; e++) {
    var sum = 0.0;
    for (var c = 0u; c < params.chunks; c++) {
      let at = begin + c * WIDTH;
      sum += partials[at + e] * exp(partials[at + 4u * VALUE_FOURS] - most);
    }
    result[place + e] = Element(sum / divisor);
  }
  if (STORE_SUMS) {
    sums[2u * row] = select(-LOWEST, most, total > 0.0);
    sums[2u * row + 1u] = log(divisor);
  }
}
