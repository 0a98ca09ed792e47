// What the attention kernels share: sizes, places, and which query sees which key.
//
// B batch  N heads of queries  M heads of keys and values (N a multiple of M; query head n reads head n·M/N)
// T queries  S keys  D = KEY_SIZE  E = VALUE_SIZE, both head sizes; KEY_FOURS, VALUE_FOURS = those in fours, rounded up.
// Queries, keys, values and results lie as their strides say; mask and bias stretch to [B, N, T, S] by strides of 0.
// Constants: the sizes above, HAS_MASK, HAS_BIAS, HIDES: whether mask, causality or window hide anything. Where there is no
// mask or bias, something else is bound.
// Beside it: lib/attention_rows_{1,2,4}, lib/attention_{packed,loose}, lib/attention_{dropout,no_dropout}.
// #import grid

// Elements from one batch, head and row to the next.
struct Strides { batch: u32, head: u32, row: u32, key: u32 }

struct Params {
  query: Strides,
  key: Strides,
  value: Strides,
  result: Strides,
  mask: Strides,
  bias: Strides,
  heads: u32,
  // N / M
  group: u32,
  time: u32,
  source: u32,
  // Tiles of this dispatch: first_tile <= tile < end_tile; each head has tiles_of_head of them.
  first_tile: u32,
  end_tile: u32,
  tiles_of_head: u32,
  // 1: query i sees keys j <= i.
  causal: u32,
  // Query i sees keys with |i - j| < window; 2^32 - 1: all.
  window: u32,
  scale: f32,
  // Weights are dropped with this probability.
  dropout: f32,
  // Keys of a chunk, where they are split.
  chunk: u32,
  // KEY_SIZE and so on once more, as lengths of loops: written out as often as they say, which compilers do where they
  // know the length, the loops take software adapters seconds to compile.
  key_size: u32,
  value_size: u32,
  key_fours: u32,
  value_fours: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(5) var<storage, read> mask: array<u32>;
@group(0) @binding(6) var<storage, read> bias: array<f32>;

// Stands for -infinity.
const LOWEST = -3.4028234663852886e38;

// One head of one batch row.
struct Head { batch: u32, head: u32 }

fn head_of(number: u32) -> Head {
  return Head(number / params.heads, number % params.heads);
}

fn row_place(strides: Strides, head: Head, row: u32) -> u32 {
  return head.batch * strides.batch + head.head * strides.head + row * strides.row;
}

fn key_head(head: Head) -> Head {
  return Head(head.batch, head.head / params.group);
}

// Where a query of a head meets a key, in a tensor that stretches to [B, N, T, S].
fn score_place(strides: Strides, head: Head, query: u32, key: u32) -> u32 {
  return row_place(strides, head, query) + key * strides.key;
}

// The first key that any of the queries from `first` to `last` may see, and the end of those.
fn first_key(first: u32) -> u32 {
  return first + 1u - min(first + 1u, params.window);
}

fn end_key(last: u32) -> u32 {
  let within = last + min(params.window, params.source);
  return min(params.source, select(within, last + 1u, params.causal == 1u));
}

// The first query that any of the keys from `first` to `last` may be seen by, and the end of those.
fn first_query(first: u32) -> u32 {
  let within = first + 1u - min(first + 1u, params.window);
  return select(within, max(within, first), params.causal == 1u);
}

fn end_query(last: u32) -> u32 {
  return min(params.time, last + min(params.window, params.time));
}

// Which query sees which key, one pair a row: what the window, causality and the mask let it see. The one place that says
// so; `first_key` and so on only spare the kernels the walk through what it would refuse.
fn sees(head: Head, queries: RowNumbers, keys: RowNumbers) -> RowFlags {
  let apart = max(queries, keys) - min(queries, keys);
  var seen = (apart < RowNumbers(params.window)) & (RowFlags(params.causal == 0u) | (keys <= queries));
  if (HAS_MASK) {
    for (var r = 0u; r < ROWS; r++) {
      let place = score_place(params.mask, head, number_of(queries, r), number_of(keys, r));
      if (mask[place] == 0u) { set_flag(&seen, r, false); }
    }
  }
  return seen;
}

// Scores from the products of queries and keys, one pair a row. All kernels come to them by the same operations in the same
// order, so that backwards they are the bits of forwards: where scores are large, their last bit is much of S - m.
fn scores_of(head: Head, products: Rows, queries: RowNumbers, keys: RowNumbers) -> Rows {
  if (!HAS_BIAS) { return params.scale * products; }
  var added: Rows;
  for (var r = 0u; r < ROWS; r++) {
    set_row(&added, r, bias[score_place(params.bias, head, number_of(queries, r), number_of(keys, r))]);
  }
  return fma(products, Rows(params.scale), added);
}

// As `add_four`, but nothing at all of what a row does not see: NaN times a weight of 0 would be NaN.
fn add_seen(sum: Rows, a: array<Rows, 4>, b: vec4<f32>, seen: array<RowFlags, 4>) -> Rows {
  if (!HIDES) { return add_four(sum, a, b); }
  let none = Rows(0.0);
  let first = fma(a[0], select(none, Rows(b.x), seen[0]), sum);
  let second = fma(a[1], select(none, Rows(b.y), seen[1]), first);
  let third = fma(a[2], select(none, Rows(b.z), seen[2]), second);
  return fma(a[3], select(none, Rows(b.w), seen[3]), third);
}

// sum + a0·b.x + a1·b.y + a2·b.z + a3·b.w, row by row.
fn add_four(sum: Rows, a: array<Rows, 4>, b: vec4<f32>) -> Rows {
  return fma(a[3], Rows(b.w), fma(a[2], Rows(b.z), fma(a[1], Rows(b.y), fma(a[0], Rows(b.x), sum))));
}
