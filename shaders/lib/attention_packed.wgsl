// Queries, keys and values of the attention kernels, four elements at a time: head sizes are multiples of 4, so that
// four neighbours are one aligned vec4. `row` is the place of a row's first element, `four` the number of the four.
@group(0) @binding(2) var<storage, read> query: array<vec4<Element>>;
@group(0) @binding(3) var<storage, read> key: array<vec4<Element>>;
@group(0) @binding(4) var<storage, read> value: array<vec4<Element>>;

fn query_four(row: u32, four: u32) -> vec4<f32> { return vec4<f32>(query[row / 4u + four]); }
fn key_four(row: u32, four: u32) -> vec4<f32> { return vec4<f32>(key[row / 4u + four]); }
fn value_four(row: u32, four: u32) -> vec4<f32> { return vec4<f32>(value[row / 4u + four]); }
