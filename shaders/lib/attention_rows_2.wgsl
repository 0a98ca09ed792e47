// Tiles of two rows: as lib/attention_rows_4 with half the components. For large heads, whose four rows would need more than
// an invocation should keep.
const ROWS = 2u;
alias Rows = vec2<f32>;
alias RowNumbers = vec2<u32>;
alias RowFlags = vec2<bool>;

fn row_numbers(first: u32) -> RowNumbers { return vec2<u32>(first, first + 1u); }
fn number_of(numbers: RowNumbers, row: u32) -> u32 { return numbers[row]; }
fn row_of(rows: Rows, row: u32) -> f32 { return rows[row]; }
fn set_row(rows: ptr<function, Rows>, row: u32, value: f32) { (*rows)[row] = value; }
fn set_flag(flags: ptr<function, RowFlags>, row: u32, value: bool) { (*flags)[row] = value; }
