// Sorting of row numbers for scatter-add, last of three dispatches a digit: moves every number to its place.
//   Block b puts its numbers with digit d, in their order, from counts[d, b] on: the sort is stable.
// source as in scatter_add_count.wgsl   counts [radix, blocks] running sums, used up here
// sorted [N, 2] = (key, position among the ids).
// One invocation: one block of BLOCK numbers, in order; the same result every run.
// Bindings: 0 params, 2 source, 3 counts, 4 sorted. Constants: FIRST, BLOCK.
// #import grid

struct Params { count: u32, rows: u32, shift: u32, radix: u32, blocks: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read> source: array<u32>;
@group(0) @binding(3) var<storage, read_write> counts: array<u32>;
@group(0) @binding(4) var<storage, read_write> sorted: array<u32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let block = linear_workgroup(workgroup, groups) * 64u + lane;
  if (block >= params.blocks) { return; }
  let end = min((block + 1u) * BLOCK, params.count);
  for (var i = block * BLOCK; i < end; i++) {
    var key = source[select(2u * i, i, FIRST)];
    var position = i;
    if (FIRST) { key = min(key, params.rows); } else { position = source[2u * i + 1u]; }
    let counter = ((key >> params.shift) & (params.radix - 1u)) * params.blocks + block;
    let place = counts[counter];
    counts[counter] = place + 1u;
    sorted[2u * place] = key;
    sorted[2u * place + 1u] = position;
  }
}
