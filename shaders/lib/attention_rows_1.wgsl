// Tiles of one row: the components of lib/attention_rows_4 are one number. For the largest heads, and for a
// single query.
const ROWS = 1u;
alias Rows = f32;
alias RowNumbers = u32;
alias RowFlags = bool;

fn row_numbers(first: u32) -> RowNumbers { return first; }
fn number_of(numbers: RowNumbers, _row: u32) -> u32 { return numbers; }
fn row_of(rows: Rows, _row: u32) -> f32 { return rows; }
fn set_row(rows: ptr<function, Rows>, _row: u32, value: f32) { *rows = value; }
fn set_flag(flags: ptr<function, RowFlags>, _row: u32, value: bool) { *flags = value; }
