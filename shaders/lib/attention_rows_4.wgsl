// Tiles of four rows: what one invocation of the attention kernels works on, a number for each row in the
// components of a vector. A row is a query, or a key in attention_backward_key.wgsl.
// Wider tiles read each row of the other side less often; they need more registers.
const ROWS = 4u;
alias Rows = vec4<f32>;
alias RowNumbers = vec4<u32>;
alias RowFlags = vec4<bool>;

fn row_numbers(first: u32) -> RowNumbers { return first + vec4<u32>(0u, 1u, 2u, 3u); }
fn number_of(numbers: RowNumbers, row: u32) -> u32 { return numbers[row]; }
fn row_of(rows: Rows, row: u32) -> f32 { return rows[row]; }
fn set_row(rows: ptr<function, Rows>, row: u32, value: f32) { (*rows)[row] = value; }
fn set_flag(flags: ptr<function, RowFlags>, row: u32, value: bool) { (*flags)[row] = value; }
