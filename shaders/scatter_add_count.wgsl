// Sorting of row numbers for scatter-add, first of three dispatches a digit: how often each value of the
// digit occurs in each block of numbers.
//   counts[d, b] = |{ i in block b : digit(key[i]) = d }|        digit(k) = (k >> shift) & (radix - 1)
// The keys of the first pass (FIRST) are the ids themselves; a number outside 0..rows-1 becomes `rows`, which
// sorts it behind all that are there. Those of later passes are what the last pass stored (scatter_add_move).
// source [N] (FIRST) or [N, 2] = (key, position)   counts [radix, blocks].
// One invocation: one block of BLOCK numbers, in order, with counters of its own: no atomics.
// Bindings: 0 params, 2 source, 3 counts. Constants: FIRST, BLOCK.
// #import grid

struct Params { count: u32, rows: u32, shift: u32, radix: u32, blocks: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read> source: array<u32>;
@group(0) @binding(3) var<storage, read_write> counts: array<u32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let block = linear_workgroup(workgroup, groups) * 64u + lane;
  if (block >= params.blocks) { return; }
  for (var d = 0u; d < params.radix; d++) { counts[d * params.blocks + block] = 0u; }
  let end = min((block + 1u) * BLOCK, params.count);
  for (var i = block * BLOCK; i < end; i++) {
    var key = source[select(2u * i, i, FIRST)];
    if (FIRST) { key = min(key, params.rows); }
    let digit = (key >> params.shift) & (params.radix - 1u);
    counts[digit * params.blocks + block] += 1u;
  }
}
