// Rows of a matrix, ROW_LANES invocations a row, 64 / ROW_LANES rows a workgroup: for rows that are not narrow.
// The same names as lib/row_lane, so a kernel is written once for both. Constant: ROW_LANES, a power of two.
// Every lane adds all partials of its row itself, in the same order: two barriers a sum instead of a tree's
// seven, and the same bits in all lanes.
// #import grid

const ROW_STRIDE = ROW_LANES;

var<workgroup> row_partials: array<f32, 64>;

// Number of this invocation's row; can be past the last.
fn row_of(workgroup: vec3<u32>, counts: vec3<u32>, lane: u32) -> u32 {
  return linear_workgroup(workgroup, counts) * (64u / ROW_LANES) + lane / ROW_LANES;
}

// First column of this invocation.
fn first_column(lane: u32) -> u32 {
  return lane % ROW_LANES;
}

// Sum of `x` over the invocations of a row.
fn row_sum(x: f32, lane: u32) -> f32 {
  share(x, lane);
  let begin = lane - lane % ROW_LANES;
  var total = 0.0;
  for (var i = 0u; i < ROW_LANES; i++) { total += row_partials[begin + i]; }
  return total;
}

fn row_max(x: f32, lane: u32) -> f32 {
  share(x, lane);
  let begin = lane - lane % ROW_LANES;
  var most = row_partials[begin];
  for (var i = 1u; i < ROW_LANES; i++) { most = max(most, row_partials[begin + i]); }
  return most;
}

fn share(x: f32, lane: u32) {
  // Before: everybody has read what was shared last. After: everybody has written.
  workgroupBarrier();
  row_partials[lane] = x;
  workgroupBarrier();
}
