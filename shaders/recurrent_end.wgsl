// Takes plane `params.begin` of `carry` out into rows.
//   carry: see lib/row_tiles   result [D,B,H]
// One invocation: one unit of one tile. Constants: WORKGROUP.
// #import row_tiles

@group(0) @binding(2) var<storage, read> carry: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> result: array<f32>;

fn store_rows(tile: u32, half: u32, unit: u32, value: vec4<f32>) {
  let at = rows_of_tile(tile, half) * params.units + unit;
  result[at.x] = value.x;
  result[at.y] = value.y;
  result[at.z] = value.z;
  result[at.w] = value.w;
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
  store_rows(tile, 0u, unit, carry[at]);
  store_rows(tile, 1u, unit, carry[at + 1u]);
}
