// Queries, keys and values of the attention kernels where a head size is no multiple of 4: one element at a time, and
// zeros beyond the row's end. `row` is the place of a row's first element, `four` the number of the four.
@group(0) @binding(2) var<storage, read> query: array<Element>;
@group(0) @binding(3) var<storage, read> key: array<Element>;
@group(0) @binding(4) var<storage, read> value: array<Element>;

// Places of four neighbours; those beyond the row's end are its last.
fn four_places(row: u32, four: u32, size: u32) -> vec4<u32> {
  return row + min(4u * four + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(size - 1u));
}

fn within(four: u32, size: u32) -> vec4<bool> {
  return 4u * four + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(size);
}

fn query_four(row: u32, four: u32) -> vec4<f32> {
  let at = four_places(row, four, KEY_SIZE);
  let found = vec4<f32>(vec4<Element>(query[at.x], query[at.y], query[at.z], query[at.w]));
  return select(vec4<f32>(), found, within(four, KEY_SIZE));
}

fn key_four(row: u32, four: u32) -> vec4<f32> {
  let at = four_places(row, four, KEY_SIZE);
  let found = vec4<f32>(vec4<Element>(key[at.x], key[at.y], key[at.z], key[at.w]));
  return select(vec4<f32>(), found, within(four, KEY_SIZE));
}

fn value_four(row: u32, four: u32) -> vec4<f32> {
  let at = four_places(row, four, VALUE_SIZE);
  let found = vec4<f32>(vec4<Element>(value[at.x], value[at.y], value[at.z], value[at.w]));
  return select(vec4<f32>(), found, within(four, VALUE_SIZE));
}
