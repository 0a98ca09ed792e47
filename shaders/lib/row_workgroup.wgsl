// Rows of a matrix, one workgroup of 64 a row, lanes striding over the columns: for wide rows.
// The same names as lib/row_lane, so a kernel is written once for both.
// Every lane adds all partials itself, in the same order: one barrier instead of six, same bits in all lanes.
// #import grid

const ROW_STRIDE = 64u;

var<workgroup> row_partials: array<f32, 64>;

fn row_of(workgroup: vec3<u32>, counts: vec3<u32>, lane: u32) -> u32 {
  return linear_workgroup(workgroup, counts);
}

// First column of this invocation.
fn first_column(lane: u32) -> u32 {
  return lane;
}

// Sum of `x` over the invocations of a row.
fn row_sum(x: f32, lane: u32) -> f32 {
  share(x, lane);
  var total = 0.0;
  for (var i = 0u; i < 64u; i++) { total += row_partials[i]; }
  return total;
}

fn row_max(x: f32, lane: u32) -> f32 {
  share(x, lane);
  var most = row_partials[0];
  for (var i = 1u; i < 64u; i++) { most = max(most, row_partials[i]); }
  return most;
}

fn share(x: f32, lane: u32) {
  // Before: everybody has read what was shared last. After: everybody has written.
  workgroupBarrier();
  row_partials[lane] = x;
  workgroupBarrier();
}
