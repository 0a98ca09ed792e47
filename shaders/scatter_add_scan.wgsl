// Sorting of row numbers for scatter-add, second of three dispatches a digit: running sums of the counts.
//   counts[i] becomes the sum of counts[j] over j < i: where block b puts its first number with digit d.
// counts [size] in place.
// One workgroup in all: each lane adds up a run of its own, then what lies before it, then writes its run.
// Bindings: 0 params, 2 counts.

const LANES = 256u;

struct Params { size: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read_write> counts: array<u32>;

var<workgroup> totals: array<u32, LANES>;

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) lane: u32) {
  let run = (params.size + LANES - 1u) / LANES;
  let begin = min(lane * run, params.size);
  let end = min(begin + run, params.size);
  var total = 0u;
  for (var i = begin; i < end; i++) { total += counts[i]; }
  totals[lane] = total;
  workgroupBarrier();
  var before = 0u;
  for (var l = 0u; l < lane; l++) { before += totals[l]; }
  for (var i = begin; i < end; i++) {
    let count = counts[i];
    counts[i] = before;
    before += count;
  }
}
