// What both backward kernels of attention read of a query: (dO, m, log l, Δ), see attention_gradient_rows.wgsl.
// For kernels with lib/attention.wgsl.
@group(0) @binding(7) var<storage, read> rows: array<vec4<f32>>;

// Place of a query's row, in fours.
fn row_of_query(head: Head, query: u32) -> u32 {
  return ((head.batch * params.heads + head.head) * params.time + query) * (VALUE_FOURS + 1u);
}

// Place of a score in [B, N, T, S].
fn score_number(head: Head, query: u32, key: u32) -> u32 {
  return ((head.batch * params.heads + head.head) * params.time + query) * params.source + key;
}
