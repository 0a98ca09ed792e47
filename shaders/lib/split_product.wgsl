// A product of a tile with a matrix, [rows, terms] x [terms, H], where a unit has one column only: simpleRNN
// forward, and every backward pass.
//
// One column an invocation would load eight numbers of the tile for eight products. So an invocation takes four
// units and a quarter of the terms, and the quarters are added through workgroup memory.
// Invocation n of UNITS: quarter n / QUARTER of the terms, units first + n % QUARTER + {0, 1, 2, 3} QUARTER.
// The shader declares `source(at)`, vec4 `at` of the tile, and `weight(at)`. Constant: UNITS, a multiple
// of 4. Workgroup memory: 128 bytes a unit.
// Numerics: terms ascending within a quarter, quarters ascending.
// #import recurrence

const QUARTER = UNITS / 4u;

var<workgroup> quarter_sums: array<vec4<f32>, 8u * UNITS>; // [quarter][unit][half]

// One number of the eight rows of a tile.
struct Rows { low: vec4<f32>, high: vec4<f32> }

struct FourUnits { low: mat4x4<f32>, high: mat4x4<f32> }

// Terms begin <= term < end; term 0 at `source(tile)`, its weights from `weight(weights)` on.
struct Terms { begin: u32, end: u32, tile: u32, weights: u32 }

fn add_term(sums: FourUnits, terms: Terms, term: u32, unit: u32) -> FourUnits {
  let row = terms.weights + term * params.units;
  let weights = vec4<f32>(
    weight(row + min(unit, params.units - 1u)),
    weight(row + min(unit + QUARTER, params.units - 1u)),
    weight(row + min(unit + 2u * QUARTER, params.units - 1u)),
    weight(row + min(unit + 3u * QUARTER, params.units - 1u)),
  );
  let at = terms.tile + 2u * term;
  return FourUnits(
    sums.low + outer_4(source(at), weights),
    sums.high + outer_4(source(at + 1u), weights),
  );
}

fn quarter_product(terms: Terms, unit: u32) -> FourUnits {
  var sums = FourUnits();
  var term = terms.begin;
  for (; term + 4u <= terms.end; term += 4u) {
    sums = add_term(sums, terms, term, unit);
    sums = add_term(sums, terms, term + 1u, unit);
    sums = add_term(sums, terms, term + 2u, unit);
    sums = add_term(sums, terms, term + 3u, unit);
  }
  for (; term < terms.end; term += 1u) {
    sums = add_term(sums, terms, term, unit);
  }
  return sums;
}

fn store_quarter(at: u32, low: vec4<f32>, high: vec4<f32>) {
  quarter_sums[at] = low;
  quarter_sums[at + 1u] = high;
}

fn quarter_sum(quarter: u32, invocation: u32) -> Rows {
  let at = 2u * (quarter * UNITS + invocation);
  return Rows(quarter_sums[at], quarter_sums[at + 1u]);
}

// The product for unit `first_unit + invocation`. Holds a barrier; before the next call there has to be another.
fn split_product(terms: Terms, first_unit: u32, invocation: u32) -> Rows {
  let quarter = invocation / QUARTER;
  let length = (terms.end - terms.begin + 3u) / 4u;
  let begin = min(terms.begin + quarter * length, terms.end);
  let end = min(begin + length, terms.end);
  let column = invocation % QUARTER;
  let sums = quarter_product(Terms(begin, end, terms.tile, terms.weights), first_unit + column);
  let at = 2u * (quarter * UNITS + column);
  store_quarter(at, sums.low[0], sums.high[0]);
  store_quarter(at + 2u * QUARTER, sums.low[1], sums.high[1]);
  store_quarter(at + 4u * QUARTER, sums.low[2], sums.high[2]);
  store_quarter(at + 6u * QUARTER, sums.low[3], sums.high[3]);
  workgroupBarrier();
  let a = quarter_sum(0u, invocation);
  let b = quarter_sum(1u, invocation);
  let c = quarter_sum(2u, invocation);
  let d = quarter_sum(3u, invocation);
  return Rows(a.low + b.low + c.low + d.low, a.high + b.high + c.high + d.high);
}
