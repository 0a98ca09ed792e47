// Puts an initial state, or zeros without the flag SOURCE, into plane `params.begin` of `carry`.
//   source [D,B,H]   carry: see lib/row_tiles
// One invocation: one unit of one tile. Constants: WORKGROUP.
// #import row_tiles

@group(0) @binding(2) var<storage, read> source: array<f32>;
@group(0) @binding(3) var<storage, read_write> carry: array<vec4<f32>>;

fn source_rows(tile: u32, half: u32, unit: u32) -> vec4<f32> {
  if (!has(SOURCE)) { return vec4<f32>(); }
  let at = rows_of_tile(tile, half) * params.units + unit;
  return vec4<f32>(source[at.x], source[at.y], source[at.z], source[at.w]);
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(global_invocation_id) invocation: vec3<u32>,
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) counts: vec3<u32>,
) {
  let unit = invocation.x;
  let tile = tile_of(workgroup, counts);
  if (unit >= params.units || is_beyond_batch(tile)) { return; }
  let at = carry_at(params.begin, tile) + 2u * unit;
  carry[at] = source_rows(tile, 0u, unit);
  carry[at + 1u] = source_rows(tile, 1u, unit);
}
