// Rows of a matrix, one invocation a row: for narrow rows. No barrier.
// The same names as lib/row_group, so a kernel is written once for both.
// #import grid

const ROW_STRIDE = 1u;

// Number of this invocation's row; can be past the last.
fn row_of(workgroup: vec3<u32>, counts: vec3<u32>, lane: u32) -> u32 {
  return linear_workgroup(workgroup, counts) * 64u + lane;
}

// First column of this invocation.
fn first_column(lane: u32) -> u32 {
  return 0u;
}

// Sum of `x` over the invocations of a row.
fn row_sum(x: f32, lane: u32) -> f32 {
  return x;
}

fn row_max(x: f32, lane: u32) -> f32 {
  return x;
}
