// Batch rows in tiles of 8, as all kernels of the recurrent op hold them.
//
// A tile is [unit][half]: the components of a `vec4` are four rows, so each weight that is read serves eight
// products. Rows past the batch repeat its last row: they load, compute and store the same values again, from
// the same invocation, so nothing needs a guard.
//
// With two directions (D = 2) the tiles of the second follow those of the first, and every tensor with rows has D
// blocks of B rows. The mask has one.
//
// `carry` is memory between dispatches, `array<vec4<f32>>` [plane][tile][unit][half]; each cell names its
// planes. H is `params.units`: one pipeline serves every number of units that fits its workgroup.

struct Params {
  batch: u32,
  time: u32,
  // Steps of this dispatch, in the order of computation: begin <= step < end.
  begin: u32,
  end: u32,
  // 1 where nothing comes in from outside: zero state (forward), zero gradient (backward).
  fresh: u32,
  // H.
  units: u32,
  // Which of the flags below hold.
  flags: u32,
  // D: 1, or 2 where a second direction runs time the other way.
  directions: u32,
}

@group(0) @binding(0) var<uniform> params: Params;

const ROWS = 8u;

// Time runs backwards.
const REVERSE = 1u;
// There is a mask; a recurrent bias; an initial state (or cell); a gradient of the cells; an input to a plane.
const MASK = 2u;
const BIAS = 4u;
const INITIAL = 8u;
const D_CELLS = 16u;
const SOURCE = 32u;

fn has(flag: u32) -> bool {
  return (params.flags & flag) != 0u;
}

// The tile of a workgroup: workgroups are [unit tiles, tiles, tiles], the last two read as one number. The grid
// can hold a few more tiles than the batch has.
fn tile_of(workgroup: vec3<u32>, counts: vec3<u32>) -> u32 {
  return workgroup.z * counts.y + workgroup.y;
}

fn is_beyond_batch(tile: u32) -> bool {
  return tile >= tiles_of_direction() * params.directions;
}

fn tiles_of_direction() -> u32 {
  return (params.batch + ROWS - 1u) / ROWS;
}

// Where a tile stands: its direction, and its first row within the batch.
struct Standing { direction: u32, first_row: u32 }

fn standing_of(tile: u32) -> Standing {
  let direction = tile / tiles_of_direction();
  return Standing(direction, (tile - direction * tiles_of_direction()) * ROWS);
}

// Four batch rows from `first` on, inside the batch.
fn four_rows(first: u32) -> vec4<u32> {
  return min(vec4<u32>(first) + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(params.batch - 1u));
}

// Rows of half 0 or 1 of a tile in tensors [D,B,...].
fn rows_of_tile(tile: u32, half: u32) -> vec4<u32> {
  let standing = standing_of(tile);
  return four_rows(standing.first_row + 4u * half) + standing.direction * params.batch;
}

// Where a tile begins in a block of `width` planes from `plane` on; there it is [width * H][half].
fn carry_block(plane: u32, width: u32, tile: u32) -> u32 {
  let tiles = tiles_of_direction() * params.directions;
  return (plane * tiles + tile * width) * params.units * 2u;
}

fn carry_at(plane: u32, tile: u32) -> u32 {
  return carry_block(plane, 1u, tile);
}
