// Attention backwards: gradient of the queries, and of the scores where somebody wants it (for a bias).
//   P = exp((S - m) - log l)    dS = P·(Z·dO·Vᵀ - Δ)    dQ = scale·dS·K        Z: factors of the dropout, else 1
// query, key, value, mask, bias as in attention.wgsl  rows (dO, m, log l, Δ) of attention_gradient_rows.wgsl
// dQ as query, by strides  dS [B,N,T,S], stored with STORE_SCORES; what is hidden has 0.
// Ownership  one invocation: ROWS queries of one head and all their keys, four at a time; each key is read twice and
//            each value once. A query that sees no key has zeros.
// Bindings   0 params | 1 words: the key of the dropout | 2 query | 3 key | 4 value | 5 mask | 6 bias | 7 rows | 8 dQ | 9 dS.
// Constants  those of lib/attention.wgsl; STORE_SCORES. No barriers, no workgroup memory, no atomics.
// Dao 2023, arXiv:2307.08691, in two kernels instead of one: the sums over keys and over queries have owners of their own.
// #import attention
// #import attention_gradient

@group(0) @binding(8) var<storage, read_write> d_query: array<f32>;
@group(0) @binding(9) var<storage, read_write> d_scores: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) counts: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let tile = params.first_tile + linear_workgroup(workgroup, counts) * 64u + lane;
  if (tile >= params.end_tile) { return; }
  let head = head_of(tile / params.tiles_of_head);
  let first = (tile % params.tiles_of_head) * ROWS;
  let last = min(first + ROWS, params.time) - 1u;
  let numbers = min(row_numbers(first), RowNumbers(last));

  var queries: array<Rows, 4u * KEY_FOURS>;
  var d_results: array<Rows, 4u * VALUE_FOURS>;
  var mosts: Rows;
  var log_totals: Rows;
  var deltas: Rows;
  for (var r = 0u; r < ROWS; r++) {
    let place = row_place(params.query, head, min(first + r, last));
    for (var d = 0u; d < params.key_fours; d++) {
      let four = query_four(place, d);
      for (var i = 0u; i < 4u; i++) { set_row(&queries[4u * d + i], r, four[i]); }
    }
    let row = row_of_query(head, min(first + r, last));
    for (var e = 0u; e < params.value_fours; e++) {
      let four = rows[row + e];
      for (var i = 0u; i < 4u; i++) { set_row(&d_results[4u * e + i], r, four[i]); }
    }
    let ends = rows[row + VALUE_FOURS];
    set_row(&mosts, r, ends.x);
    set_row(&log_totals, r, ends.y);
    set_row(&deltas, r, ends.z);
  }
  var sum: array<Rows, 4u * KEY_FOURS>;

  let shared_head = key_head(head);
  // Where all scores have a gradient to be stored, those out of sight have one too: 0.
  let begin = select(first_key(first), 0u, STORE_SCORES);
  let end = select(end_key(last), params.source, STORE_SCORES);
  for (var j = begin; j < end; j += 4u) {
    var seen: array<RowFlags, 4>;
    var is_used = false;
    for (var c = 0u; c < 4u; c++) {
      seen[c] = sees(head, numbers, RowNumbers(min(j + c, end - 1u))) & RowFlags(j + c < end);
      is_used = is_used || any(seen[c]);
    }
    if (!STORE_SCORES && !is_used) { continue; }
    var key_places: vec4<u32>;
    var value_places: vec4<u32>;
    for (var c = 0u; c < 4u; c++) {
      let at = min(j + c, end - 1u);
      key_places[c] = row_place(params.key, shared_head, at);
      value_places[c] = row_place(params.value, shared_head, at);
    }

    // Zeros by name: without a value some compilers keep what the turn before left.
    var product = array<Rows, 4>();
    for (var d = 0u; d < params.key_fours; d++) {
      let four = array<Rows, 4>(queries[4u * d], queries[4u * d + 1u], queries[4u * d + 2u], queries[4u * d + 3u]);
      for (var c = 0u; c < 4u; c++) { product[c] = add_four(product[c], four, key_four(key_places[c], d)); }
    }
    var d_weight = array<Rows, 4>();
    for (var e = 0u; e < params.value_fours; e++) {
      let four = array<Rows, 4>(d_results[4u * e], d_results[4u * e + 1u], d_results[4u * e + 2u], d_results[4u * e + 3u]);
      for (var c = 0u; c < 4u; c++) { d_weight[c] = add_four(d_weight[c], four, value_four(value_places[c], e)); }
    }
    var d_score: array<Rows, 4>;
    for (var c = 0u; c < 4u; c++) {
      var factors = Rows(1.0);
      if (HAS_DROPOUT) {
        for (var r = 0u; r < ROWS; r++) { set_row(&factors, r, dropout_factor(head, number_of(numbers, r), j + c)); }
      }
      let score = scores_of(head, product[c], numbers, RowNumbers(min(j + c, end - 1u)));
      let weight = exp((score - mosts) - log_totals);
      // What is hidden counts for nothing, whatever stands there.
      d_score[c] = select(Rows(0.0), weight * (factors * d_weight[c] - deltas), seen[c]);
      if (STORE_SCORES && j + c < end) {
        for (var r = 0u; r < ROWS; r++) {
          let place = score_number(head, min(first + r, last), j + c);
          d_scores[place] = row_of(d_score[c], min(r, last - first));
        }
      }
    }
    for (var d = 0u; d < params.key_fours; d++) {
      var four: mat4x4<f32>;
      for (var c = 0u; c < 4u; c++) {
        four[c] = key_four(key_places[c], d);
      }
      four = transpose(four);
      for (var i = 0u; i < 4u; i++) { sum[4u * d + i] = add_seen(sum[4u * d + i], d_score, four[i], seen); }
    }
  }

  for (var r = 0u; r < ROWS; r++) {
    if (first + r > last) { break; }
    let place = row_place(params.query, head, first + r);
    for (var d = 0u; d < params.key_size; d++) { d_query[place + d] = params.scale * row_of(sum[d], r); }
  }
}
