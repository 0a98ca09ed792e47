// Attention backwards: gradients of keys and values.
//   P = exp((S - m) - log l)    dS = P·(Z·dO·Vᵀ - Δ)    dK = scale·dSᵀ·Q    dV = (Z·P)ᵀ·dO        Z: factors of the dropout, else 1
// query, key, value, mask, bias as in attention.wgsl  rows (dO, m, log l, Δ) of attention_gradient_rows.wgsl
// dK as key, dV as value, by strides.
// Ownership  one invocation: ROWS keys of one head with their values, and all queries that see them, four at a time; the
//            heads of queries that share the head follow each other, so their sum needs nobody else. Each query is read
//            twice and each row of dO once. A key that nobody sees has zeros.
// Bindings   0 params | 1 words: the key of the dropout | 2 query | 3 key | 4 value | 5 mask | 6 bias | 7 rows | 8 dK | 9 dV.
//            Tiles of params are tiles of keys.
// Constants  those of lib/attention.wgsl. No barriers, no workgroup memory, no atomics.
// Dao 2023, arXiv:2307.08691, in two kernels instead of one: the sums over keys and over queries have owners of their own.
// #import attention
// #import attention_gradient

@group(0) @binding(8) var<storage, read_write> d_key: array<f32>;
@group(0) @binding(9) var<storage, read_write> d_value: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) counts: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let tile = params.first_tile + linear_workgroup(workgroup, counts) * 64u + lane;
  if (tile >= params.end_tile) { return; }
  let key_heads = params.heads / params.group;
  let number = tile / params.tiles_of_head;
  let shared_head = Head(number / key_heads, number % key_heads);
  let first = (tile % params.tiles_of_head) * ROWS;
  let last = min(first + ROWS, params.source) - 1u;
  let numbers = min(row_numbers(first), RowNumbers(last));

  var keys: array<Rows, 4u * KEY_FOURS>;
  var values: array<Rows, 4u * VALUE_FOURS>;
  for (var r = 0u; r < ROWS; r++) {
    let key_place = row_place(params.key, shared_head, min(first + r, last));
    for (var d = 0u; d < params.key_fours; d++) {
      let four = key_four(key_place, d);
      for (var i = 0u; i < 4u; i++) { set_row(&keys[4u * d + i], r, four[i]); }
    }
    let value_place = row_place(params.value, shared_head, min(first + r, last));
    for (var e = 0u; e < params.value_fours; e++) {
      let four = value_four(value_place, e);
      for (var i = 0u; i < 4u; i++) { set_row(&values[4u * e + i], r, four[i]); }
    }
  }
  var key_sum: array<Rows, 4u * KEY_FOURS>;
  var value_sum: array<Rows, 4u * VALUE_FOURS>;

  let begin = first_query(first);
  let end = end_query(last);
  for (var h = 0u; h < params.group; h++) {
    let head = Head(shared_head.batch, shared_head.head * params.group + h);
    for (var i = begin; i < end; i += 4u) {
      // Queries past the end repeat the last one and see nothing.
      var seen: array<RowFlags, 4>;
      var is_used = false;
      for (var c = 0u; c < 4u; c++) {
        seen[c] = sees(head, RowNumbers(min(i + c, end - 1u)), numbers) & RowFlags(i + c < end);
        is_used = is_used || any(seen[c]);
      }
      if (!is_used) { continue; }
      var query_places: vec4<u32>;
      var row_places: vec4<u32>;
      for (var c = 0u; c < 4u; c++) {
        query_places[c] = row_place(params.query, head, min(i + c, end - 1u));
        row_places[c] = row_of_query(head, min(i + c, end - 1u));
      }

      // Zeros by name: without a value some compilers keep what the turn before left.
      var product = array<Rows, 4>();
      for (var d = 0u; d < params.key_fours; d++) {
        let four = array<Rows, 4>(keys[4u * d], keys[4u * d + 1u], keys[4u * d + 2u], keys[4u * d + 3u]);
        for (var c = 0u; c < 4u; c++) { product[c] = add_four(product[c], four, query_four(query_places[c], d)); }
      }
      var kept: array<Rows, 4>;
      var weight: array<Rows, 4>;
      var factors: array<Rows, 4>;
      var delta: vec4<f32>;
      for (var c = 0u; c < 4u; c++) {
        let query = min(i + c, end - 1u);
        let ends = rows[row_places[c] + VALUE_FOURS];
        delta[c] = ends.z;
        factors[c] = Rows(1.0);
        if (HAS_DROPOUT) {
          for (var r = 0u; r < ROWS; r++) { set_row(&factors[c], r, dropout_factor(head, query, number_of(numbers, r))); }
        }
        let score = scores_of(head, product[c], RowNumbers(query), numbers);
        // What is hidden counts for nothing, whatever stands there.
        weight[c] = select(Rows(0.0), exp((score - ends.x) - ends.y), seen[c]);
        kept[c] = weight[c] * factors[c];
      }
      var d_weight = array<Rows, 4>();
      for (var e = 0u; e < params.value_fours; e++) {
        let four = array<Rows, 4>(values[4u * e], values[4u * e + 1u], values[4u * e + 2u], values[4u * e + 3u]);
        var taken: mat4x4<f32>;
        for (var c = 0u; c < 4u; c++) {
          taken[c] = rows[row_places[c] + e];
          d_weight[c] = add_four(d_weight[c], four, taken[c]);
        }
        taken = transpose(taken);
        for (var k = 0u; k < 4u; k++) { value_sum[4u * e + k] = add_seen(value_sum[4u * e + k], kept, taken[k], seen); }
      }
      var d_score: array<Rows, 4>;
      for (var c = 0u; c < 4u; c++) {
        d_score[c] = select(Rows(0.0), weight[c] * (factors[c] * d_weight[c] - delta[c]), seen[c]);
      }
      for (var d = 0u; d < params.key_fours; d++) {
        var taken: mat4x4<f32>;
        for (var c = 0u; c < 4u; c++) { taken[c] = query_four(query_places[c], d); }
        taken = transpose(taken);
        for (var k = 0u; k < 4u; k++) { key_sum[4u * d + k] = add_seen(key_sum[4u * d + k], d_score, taken[k], seen); }
      }
    }
  }

  for (var r = 0u; r < ROWS; r++) {
    if (first + r > last) { break; }
    let key_place = row_place(params.key, shared_head, first + r);
    for (var d = 0u; d < params.key_size; d++) { d_key[key_place + d] = params.scale * row_of(key_sum[d], r); }
    let value_place = row_place(params.value, shared_head, first + r);
    for (var e = 0u; e < params.value_size; e++) { d_value[value_place + e] = row_of(value_sum[e], r); }
  }
}
