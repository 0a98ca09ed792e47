// Rows written into a cache at a position that the GPU knows, in place.
//   cache[b, position + t] = rows[b, t]      for 0 <= position + t < S; rows that fall outside are dropped
// cache [B, S, inner], rows [B, T, inner], position [] (i32). Alias Element: a word, for any
// dtype of four bytes, or a half float.
// One invocation moves one element; the rest of the cache is neither read nor written.
// Bindings: 0 params, 2 cache, 3 rows, 4 position.
// #import grid

struct Params { count: u32, time: u32, capacity: u32, inner: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read_write> cache: array<Element>;
@group(0) @binding(3) var<storage, read> rows: array<Element>;
@group(0) @binding(4) var<storage, read> position: array<i32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_workgroup(group, groups) * 64u + lane;
  if (i >= params.count) { return; }
  let row = i / params.inner;
  let batch = row / params.time;
  let at = position[0] + i32(row - batch * params.time);
  if (at < 0 || at >= i32(params.capacity)) { return; }
  cache[(batch * params.capacity + u32(at)) * params.inner + i % params.inner] = rows[i];
}
