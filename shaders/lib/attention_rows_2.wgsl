// Tiles of two rows. See attention_rows_4.wgsl.
const ROWS = 2u;
alias Rows = vec2<f32>;
alias RowNumbers = vec2<u32>;
alias RowFlags = vec2<bool>;

fn row_numbers(first: u32) -> RowNumbers { return vec2<u32>(first, first + 1u); }
fn row_of(rows: Rows, row: u32) -> f32 { return rows[row]; }
fn set_row(rows: ptr<function, Rows>, row: u32, value: f32) { (*rows)[row] = value; }
fn set_flag(flags: ptr<function, RowFlags>, row: u32, value: bool) { (*flags)[row] = value; }
