// Sum of exponentials of a row of the buffer `x`, shifted by the row's maximum so that none overflows.
// For kernels with `x`, `params.columns` and lib/row_lane or lib/row_group.
// A NaN anywhere in the row makes the sum NaN; so does a row of -infinity, as the definition does.
// #import finite

struct RowExp { most: f32, sum: f32 }

// exp of a non-positive number; NaN stays NaN, also where an adapter's exp would drop it.
fn shifted_exp(d: f32) -> f32 {
  return keep_nan(d, exp(d));
}

fn row_exp(start: u32, lane: u32) -> RowExp {
  let first = first_column(lane);
  var most = x[start];
  for (var c = first; c < params.columns; c += ROW_STRIDE) { most = max(most, x[start + c]); }
  most = row_max(most, lane);
  var sum = 0.0;
  for (var c = first; c < params.columns; c += ROW_STRIDE) { sum += shifted_exp(x[start + c] - most); }
  return RowExp(most, row_sum(sum, lane));
}

// log of the sum; it is at least 1, or NaN.
fn log_sum(row: RowExp) -> f32 {
  return keep_nan(row.sum, log(row.sum));
}
