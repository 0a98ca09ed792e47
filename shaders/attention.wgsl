// Scaled dot product attention, without storing the scores.
//   S = scale·Q·Kᵀ + bias, where visible    P = softmax S over the keys    O = P·V
// query [B,N,T,D]  key [B,M,S,D]  value [B,M,S,E]  result O [B,N,T,E], all by strides  sums (m, log l) [B,N,T,2].
// Ownership   one invocation: ROWS queries of one head, all their keys, four at a time. With m the largest score so far
//             (the online softmax):
//               m' = max(m, S)    p = exp(S - m')    l = l·exp(m - m') + Σ p    O = O·exp(m - m') + p·V
//             and at the end O / l, m and log l: apart, because m may be so large (a bias of -1e9) that m + log l is m.
//             A query that sees no key: O = 0, m = 3.4e38, log l = 0.
//             With SPLIT, an invocation takes only a chunk of the keys and stores (O, m, l) of it;
//             attention_merge.wgsl puts the chunks together.
// Bindings    0 params | 1 words: the key of the dropout | 2 query | 3 key | 4 value | 5 mask | 6 bias | 7 result | 8 sums.
//             With SPLIT 7 is partials [rows][chunks][E in fours, m, l, 2 unused].
// Constants   those of lib/attention.wgsl; STORE_SUMS, SPLIT.
// No barriers, no workgroup memory. Milakov & Gimelshein 2018, arXiv:1805.02867; Dao 2023, arXiv:2307.08691.
// #import attention

@group(0) @binding(7) var<storage, read_write> result: array<f32>;
@group(0) @binding(8) var<storage, read_write> sums: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) counts: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let number = params.first_tile + linear_workgroup(workgroup, counts) * 64u + lane;
  if (number >= params.end_tile) { return; }
  let chunks = select(1u, (params.source + params.chunk - 1u) / params.chunk, SPLIT);
  let tile = number / chunks;
  let chunk = number % chunks;
  let head = head_of(tile / params.tiles_of_head);
  let first = (tile % params.tiles_of_head) * ROWS;
  let last = min(first + ROWS, params.time) - 1u;
  let rows = min(row_numbers(first), RowNumbers(last));

  // Queries, one vector of rows for each of their elements.
  var queries: array<Rows, 4u * KEY_FOURS>;
  for (var r = 0u; r < ROWS; r++) {
    let place = row_place(params.query, head, min(first + r, last));
    for (var d = 0u; d < params.key_fours; d++) {
      let four = query_four(place, d);
      for (var i = 0u; i < 4u; i++) { set_row(&queries[4u * d + i], r, four[i]); }
    }
  }
  var sum: array<Rows, 4u * VALUE_FOURS>;
  var most = Rows(LOWEST);
  var total = Rows(0.0);

  let shared_head = key_head(head);
  var begin = first_key(first);
  var end = end_key(last);
  if (SPLIT) {
    begin = max(begin, chunk * params.chunk);
    end = min(end, (chunk + 1u) * params.chunk);
  }
  for (var j = begin; j < end; j += 4u) {
    // Keys past the end repeat the last one and are not seen.
    var seen: array<RowFlags, 4>;
    var is_used = false;
    for (var c = 0u; c < 4u; c++) {
      seen[c] = sees(head, rows, RowNumbers(min(j + c, end - 1u))) & RowFlags(j + c < end);
      is_used = is_used || any(seen[c]);
    }
    if (!is_used) { continue; }
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
    var score: array<Rows, 4>;
    var highest = most;
    for (var c = 0u; c < 4u; c++) {
      let found = scores_of(head, product[c], rows, RowNumbers(min(j + c, end - 1u)));
      score[c] = select(Rows(LOWEST), found, seen[c]);
      highest = max(highest, score[c]);
    }
    let shrink = exp(most - highest);
    most = highest;
    var weights: array<Rows, 4>;
    total *= shrink;
    for (var c = 0u; c < 4u; c++) {
      weights[c] = select(Rows(0.0), exp(score[c] - highest), seen[c]);
      total += weights[c];
      if (HAS_DROPOUT) {
        for (var r = 0u; r < ROWS; r++) {
          let factor = dropout_factor(head, first + r, j + c);
          set_row(&weights[c], r, row_of(weights[c], r) * factor);
        }
      }
    }
    for (var e = 0u; e < params.value_fours; e++) {
      var four: mat4x4<f32>;
      for (var c = 0u; c < 4u; c++) {
        four[c] = value_four(value_places[c], e);
      }
      four = transpose(four);
      for (var i = 0u; i < 4u; i++) {
        sum[4u * e + i] = add_seen(sum[4u * e + i] * shrink, weights, four[i], seen);
      }
    }
  }

  let divisor = select(Rows(1.0), total, total > Rows(0.0));
  for (var r = 0u; r < ROWS; r++) {
    if (first + r > last) { break; }
    let row = (head.batch * params.heads + head.head) * params.time + first + r;
    if (SPLIT) {
      let place = (row * chunks + chunk) * (4u * VALUE_FOURS + 4u);
      for (var e = 0u; e < 4u * params.value_fours; e++) { result[place + e] = row_of(sum[e], r); }
      result[place + 4u * VALUE_FOURS] = row_of(most, r);
      result[place + 4u * VALUE_FOURS + 1u] = row_of(total, r);
    } else {
      let place = row_place(params.result, head, first + r);
      for (var e = 0u; e < params.value_size; e++) { result[place + e] = row_of(sum[e] / divisor, r); }
      if (STORE_SUMS) {
        sums[2u * row] = select(-LOWEST, row_of(most, r), row_of(total, r) > 0.0);
        sums[2u * row + 1u] = row_of(log(divisor), r);
      }
    }
  }
}
