// One token for each row of logits, drawn by the rules of temperature, top k, top p and min p.
//   z = (x - max x) / temperature    w = exp z    token = argmax over the kept of z + g,  g Gumbel noise
// so token i has probability w_i / sum w. Tokens have an order: greater logits first, of equal ones the lower index.
//   top k   keeps the first k        top p  keeps those before which less than p times the mass of the kept lies
//   min p   keeps those with w >= min p         temperature 0 takes the first, without noise
// A row with NaN or infinity, or without a finite logit, gives -1.
// No sort: what a rule keeps is a beginning of the order, so it ends at one key (the logit as an integer of the same
// order) and one index. Both are found bit by bit, a sum over the row a bit: 32 and as many as an index has.
// x [rows, columns], step [] (i32), y [rows] (i32). Rows by lib/row_lane or lib/row_group, put in front.
// Bindings: 0 params, 1 words (0 key), 2 x, 3 step, 4 y.
// Numerics: exp of non-positive arguments only; counts are exact below 2^24.
// Gumbel-max: E. Gumbel 1954; as in C. Maddison et al., "A* sampling", 2014. Top p: A. Holtzman et al. 2020.
// #import finite
// #import random

struct Params {
  rows: u32,
  columns: u32,
  // 0: all.
  top_k: u32,
  index_bits: u32,
  temperature: f32,
  top_p: f32,
  min_p: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<uniform> words: vec4<u32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> step: array<i32>;
@group(0) @binding(4) var<storage, read_write> y: array<i32>;

const LOWEST = -3.4e38;

// The last token that is kept: those of greater keys, and of its key those up to its index.
struct Cut { key: u32, index: u32 }

// Where a row stands in `x`, and what its logits are measured by.
struct Row { start: u32, lane: u32, most: f32 }

// The order of logits as the order of integers; 0 and -0 are the same.
fn key_of(v: f32) -> u32 {
  let bits = bitcast<u32>(v);
  if ((bits & MAGNITUDE_BITS) == 0u) { return 0x80000000u; }
  return select(bits | 0x80000000u, ~bits, (bits & 0x80000000u) != 0u);
}

fn scaled(v: f32, most: f32) -> f32 {
  return (v - most) / params.temperature;
}

fn is_kept(key: u32, index: u32, cut: Cut) -> bool {
  return key > cut.key || (key == cut.key && index <= cut.index);
}

// What one token counts for: 1, or its probability but for a factor.
fn measure(v: f32, most: f32, by_mass: bool) -> f32 {
  if (!by_mass) { return 1.0; }
  if (!is_finite(v)) { return 0.0; }
  return exp(scaled(v, most));
}

// Sum over the tokens of keys from `least` on that are within `cut`.
fn sum_from(row: Row, least: u32, cut: Cut, by_mass: bool) -> f32 {
  var sum = 0.0;
  for (var c = first_column(row.lane); c < params.columns; c += ROW_STRIDE) {
    let v = x[row.start + c];
    let key = key_of(v);
    if (key >= least && is_kept(key, c, cut)) { sum += measure(v, row.most, by_mass); }
  }
  return row_sum(sum, row.lane);
}

// Number of tokens of the key below `index`.
fn equals_below(row: Row, key: u32, index: u32) -> f32 {
  var count = 0.0;
  for (var c = first_column(row.lane); c < min(index, params.columns); c += ROW_STRIDE) {
    if (key_of(x[row.start + c]) == key) { count += 1.0; }
  }
  return row_sum(count, row.lane);
}

// The end of the shortest beginning of the order that measures `goal` or more, within `cut`.
fn cut_at(row: Row, goal: f32, cut: Cut, by_mass: bool) -> Cut {
  var key = 0u;
  for (var bit = 0x80000000u; bit > 0u; bit >>= 1u) {
    let sum = sum_from(row, key | bit, cut, by_mass);
    key = select(key, key | bit, sum >= goal);
  }
  // No logit has the greatest key: from the next one on is a sum of the greater ones.
  let above = sum_from(row, key + 1u, cut, by_mass);
  let each = measure(value_of(key), row.most, by_mass);
  var index = 0u;
  for (var bit = 1u << (params.index_bits - 1u); bit > 0u; bit >>= 1u) {
    let equals = equals_below(row, key, index | bit);
    index = select(index, index | bit, above + each * equals < goal);
  }
  return Cut(key, select(index, min(index, cut.index), key == cut.key));
}

// The logit that has a key.
fn value_of(key: u32) -> f32 {
  return bitcast<f32>(select(~key, key & MAGNITUDE_BITS, (key & 0x80000000u) != 0u));
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) counts: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let number = row_of(workgroup, counts, lane);
  // No invocation may leave before a barrier: those past the end work on the last row and store nothing.
  let start = min(number, params.rows - 1u) * params.columns;
  let first = first_column(lane);
  var most = LOWEST;
  var unfit = 0.0;
  for (var c = first; c < params.columns; c += ROW_STRIDE) {
    let v = x[start + c];
    let is_minus_infinity = bitcast<u32>(v) == 0xff800000u;
    if (is_finite(v)) { most = max(most, v); } else if (!is_minus_infinity) { unfit = 1.0; }
  }
  most = row_max(most, lane);
  unfit = row_max(unfit, lane);
  let row = Row(start, lane, most);
  let is_greedy = params.temperature == 0.0;
  var cut = Cut(0u, params.columns);
  if (!is_greedy && params.top_k > 0u && params.top_k < params.columns) {
    cut = cut_at(row, f32(params.top_k), cut, false);
  }
  if (!is_greedy && params.top_p < 1.0) {
    let mass = sum_from(row, 0u, cut, true);
    cut = cut_at(row, params.top_p * mass, cut, true);
  }
  let key = random_bits(bitcast<i32>(words.x), step[0]);
  // An invocation without a token has the column past the last.
  var best = LOWEST;
  var token = params.columns;
  for (var c = first; c < params.columns; c += ROW_STRIDE) {
    let v = x[start + c];
    var score = v;
    var is_choice = is_finite(v);
    if (!is_greedy && is_choice) {
      let z = scaled(v, most);
      is_choice = is_kept(key_of(v), c, cut) && exp(z) >= params.min_p;
      if (is_choice) { score = z + random_gumbel(key, i32(start + c)); }
    }
    if (is_choice && (token == params.columns || score > best)) {
      best = score;
      token = c;
    }
  }
  let winner = row_max(best, lane);
  let own = select(params.columns, token, best == winner);
  let lowest = u32(-row_max(-f32(own), lane));
  if (number >= params.rows || first > 0u) { return; }
  y[number] = select(i32(lowest), -1, unfit > 0.0 || lowest >= params.columns);
}
