// Matrix product of batches, with either operand transposed in memory.
//
//   out[b, m, n] = epilogue(sum over k of A[b, m, k] * B[b, k, n])
//
// Shapes     A [batch.., M, K] or transposed [batch.., K, M]; B [batch.., K, N] or [batch.., N, K]; out
//            [batch.., M, N]. All dense; transposition and broadcasting are strides in params.
// Ownership  one invocation: 8 rows x 4 * COLUMN_BLOCKS columns, kept in registers;
//            one workgroup: LANES_X such tiles side by side, LANES_Y below each other.
//            With more than one slab, a workgroup sums only its slab's part of K and stores a partial
//            product; matmul_slabs.wgsl adds those up. Workgroups are numbered columns first, then rows,
//            slabs, batches.
// Bindings   0 params | 1 words of the epilogue | 2 a | 3 b | 4 out | 5.. the epilogue's own.
//            a and b are declared by lib/matmul_{a,b}_{packed,loose}.wgsl.
// Constants  COLUMN_BLOCKS (1 or 2), COLUMNS = 4 * COLUMN_BLOCKS, LANES_X, LANES_Y.
// Aliases    ElementA, ElementB, Result: how a, b and out are stored, float32 or float16.
// Numerics   float32 whatever is stored, fused multiply-add in ascending k: the same bits every run. Rows and columns past the
//            edge repeat the last one and are not stored.
// No barriers and no workgroup memory, and one k at a time: software adapters pay for barriers, and their
// compilers for every load in the text (docs/performance.md).
// #import grid

const ROWS = 8u;

struct Params {
  m: u32,
  n: u32,
  k: u32,
  // Elements from one row of A to the next, and from one k to the next; for B columns and k.
  a_row: u32,
  a_k: u32,
  b_column: u32,
  b_k: u32,
  row_tiles: u32,
  column_tiles: u32,
  slabs: u32,
  slab_depth: u32,
  batches: u32,
  batch_rank: u32,
  // ROWS * COLUMNS
  tile_size: u32,
  // Per collapsed batch axis, innermost first: size, stride in a, stride in b, unused.
  batch_axes: array<vec4<u32>, 8>,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(4) var<storage, read_write> out: array<Result>;

// The places of four neighbours from `first` on, of which there are `count`.
fn places(first: u32, count: u32, stride: u32) -> vec4<u32> {
  return min(first + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(count - 1u)) * stride;
}

// `sum` plus the product of four rows (of A) and four columns (of B) at one k.
fn add_product(sum: mat4x4<f32>, rows: vec4<f32>, columns: vec4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(
    fma(vec4<f32>(rows.x), columns, sum[0]), fma(vec4<f32>(rows.y), columns, sum[1]),
    fma(vec4<f32>(rows.z), columns, sum[2]), fma(vec4<f32>(rows.w), columns, sum[3]));
}

@compute @workgroup_size(LANES_X, LANES_Y)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) counts: vec3<u32>,
  @builtin(local_invocation_id) lane: vec3<u32>,
) {
  let number = linear_workgroup(workgroup, counts);
  let column_tile = number % params.column_tiles;
  var rest = number / params.column_tiles;
  let row_tile = rest % params.row_tiles;
  rest /= params.row_tiles;
  let slab = rest % params.slabs;
  let batch = rest / params.slabs;

  let row = (row_tile * LANES_Y + lane.y) * ROWS;
  // Neighbouring lanes read neighbouring groups of four columns; a lane's second group lies beyond.
  let column = (column_tile * LANES_X * COLUMN_BLOCKS + lane.x) * 4u;
  let column_step = LANES_X * 4u;
  if (batch >= params.batches || row >= params.m || column >= params.n) { return; }

  var a_base = 0u;
  var b_base = 0u;
  rest = batch;
  for (var axis = 0u; axis < params.batch_rank; axis++) {
    let size_and_strides = params.batch_axes[axis];
    let position = rest % size_and_strides.x;
    rest /= size_and_strides.x;
    a_base += position * size_and_strides.y;
    b_base += position * size_and_strides.z;
  }
  let k_begin = slab * params.slab_depth;
  let k_end = min(k_begin + params.slab_depth, params.k);
  let a_step = params.a_k;
  let b_step = params.b_k;
  var a_0 = a_base + k_begin * a_step + places(row, params.m, params.a_row);
  var a_1 = a_base + k_begin * a_step + places(row + 4u, params.m, params.a_row);
  var b_0 = b_base + k_begin * b_step + places(column, params.n, params.b_column);
  var b_1 = b_base + k_begin * b_step + places(column + column_step, params.n, params.b_column);

  var sum_00 = mat4x4<f32>();
  var sum_01 = mat4x4<f32>();
  var sum_10 = mat4x4<f32>();
  var sum_11 = mat4x4<f32>();
  for (var k = k_begin; k < k_end; k++) {
    let rows_0 = a_four(a_0);
    let rows_1 = a_four(a_1);
    let columns_0 = b_four(b_0);
    sum_00 = add_product(sum_00, rows_0, columns_0);
    sum_10 = add_product(sum_10, rows_1, columns_0);
    if (COLUMN_BLOCKS == 2u) {
      let columns_1 = b_four(b_1);
      sum_01 = add_product(sum_01, rows_0, columns_1);
      sum_11 = add_product(sum_11, rows_1, columns_1);
    }
    a_0 += a_step;
    a_1 += a_step;
    b_0 += b_step;
    b_1 += b_step;
  }

  // One loop whose length is a parameter: written out 64 times, as compilers do with lengths that they
  // know, it takes software adapters longer to compile than all the rest.
  let sums = array<mat4x4<f32>, 4>(sum_00, sum_01, sum_10, sum_11);
  let first_row = (slab * params.batches + batch) * params.m;
  for (var i = 0u; i < params.tile_size; i++) {
    let r = i / COLUMNS;
    let c = i % COLUMNS;
    let n = column + (c / 4u) * column_step + c % 4u;
    if (row + r < params.m && n < params.n) {
      let index = (first_row + row + r) * params.n + n;
      out[index] = epilogue(sums[(r / 4u) * 2u + c / 4u][r % 4u][c % 4u], index);
    }
  }
}
